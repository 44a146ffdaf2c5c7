/** Where a scenario is played: a simulated cluster, and whoever sends it requests. */
import { utf8 } from "../../base/bytes.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Outcome } from "../history/history.ts";
import type { SimWorldOptions } from "../sim-runtime.ts";
import { planCluster } from "../world/cluster-plan.ts";
import { DoorClient } from "../world/door-client.ts";
import { SimCluster } from "../world/sim-cluster.ts";
import { StageLoad } from "./stage-load.ts";
import type { StageSettings } from "./stage-settings.ts";

const CLIENTS_HOST = "clients";
const CONNECT_MS = 1_000;
const ANSWER_MS = 60_000;

export class Stage {
  readonly cluster: SimCluster;
  readonly load: StageLoad;
  /** By key, the context of the last KV.GET or KV.PUT: $KEY in a request stands for it. */
  readonly contexts = new Map<string, string>();
  readonly #clients = new Map<string, DoorClient>();
  #foundedAtMs = 0;

  static async open(settings: StageSettings, options: SimWorldOptions = {}): Promise<Stage> {
    const stage = new Stage(settings, options);
    await stage.cluster.found();
    stage.#foundedAtMs = stage.cluster.world.nowMs;
    return stage;
  }

  private constructor({ seed, wishes, distances, speaks }: StageSettings, options: SimWorldOptions) {
    const plan = planCluster(wishes);
    this.cluster = new SimCluster(seed, plan, { ...options, speaks });
    const { world } = this.cluster;
    for (const { name, datacenter } of plan.nodes) world.place(name, datacenter);
    for (const { between, latencyMs } of distances) {
      world.setGroupLatency(...between, { baseMs: latencyMs, jitterMs: latencyMs / 20 });
    }
    this.load = new StageLoad(this.cluster, CLIENTS_HOST);
  }

  /** Since the cluster was founded. */
  get nowMs(): number {
    return this.cluster.world.nowMs - this.#foundedAtMs;
  }

  /** Lets time pass up to then. */
  runUntil(atMs: number): Promise<void> {
    return this.cluster.world.runFor(atMs - this.nowMs);
  }

  /** Sends one request to one node, and lets time pass until something is known of it. */
  async request(node: string, words: readonly string[]): Promise<Outcome> {
    const { world } = this.cluster;
    let client = this.#clients.get(node);
    if (client?.isOpen !== true) {
      const { network } = world.runtime(CLIENTS_HOST);
      try {
        client = await world.runUntil(DoorClient.connect(network, node, CONNECT_MS));
      } catch (cause) {
        return { kind: "not-applied", error: (cause as Error).message };
      }
      this.#clients.set(node, client);
    }
    const late = new Promise<Outcome>((resolve) => {
      const error = `nothing is heard for ${ANSWER_MS} ms`;
      world.scheduler.after(ANSWER_MS, () => resolve({ kind: "unknown", error }));
    });
    return world.runUntil(Promise.race([client.call(...words), late]));
  }

  /** Names of the nodes that keep copies of the key, as the first running node has it. */
  replicasOf(key: string): readonly string[] {
    const { cluster } = this.cluster.node(this.#anyName());
    const byId = new Map(cluster!.members().map(({ id, peerHost }) => [id, peerHost ?? id]));
    return cluster!.view.replicasOf(slotOf(utf8(key))).map(({ id }) => byId.get(id) ?? id);
  }

  #anyName(): string {
    const name = this.cluster.names.find((each) => this.cluster.isUp(each));
    if (name === undefined) throw new Error("no node is up");
    return name;
  }
}
