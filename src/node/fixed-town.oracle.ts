/** Nodes of a cluster whose members are known beforehand, in a simulated world. For tests only. */
import { toText, utf8 } from "../base/bytes.ts";
import { silentLogger } from "../base/logger.ts";
import { NEVER } from "../causality/cell.ts";
import type { Topology } from "../membership/topology.ts";
import { foundTopologyOf } from "../membership/topology-change.ts";
import type { ConsistencyLevel } from "../replication/quorum-need.ts";
import type { Change, Effect } from "../replication/step.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { openNode, type StorageNode } from "./node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "./settings.ts";

const PEER_PORT = 17_000;
/** Enough for links to be made again. */
const MEETING_MS = 1_000;
const PATIENCE_MS = 20_000;

export interface FixedTownOptions {
  readonly settings?: Partial<NodeSettings>;
  /** Nodes that believe themselves members, with nobody else thinking so. */
  readonly strangers?: number;
}

/** Host names are "n0", "n1", and so on; each its own machine. */
export class FixedTown {
  readonly world: SimWorld;
  readonly names: readonly string[];
  readonly ids: readonly NodeId[];
  readonly topology: Topology;
  readonly #options: FixedTownOptions;
  readonly #nodes: StorageNode[] = [];

  static async open(seed: string, count: number, options: FixedTownOptions = {}): Promise<FixedTown> {
    const town = new FixedTown(seed, count, options);
    for (const name of town.names) town.world.runtime(name); // so that its name is known
    for (let i = 0; i < town.names.length; i++) await town.start(i);
    await town.world.runFor(MEETING_MS);
    return town;
  }

  private constructor(seed: string, count: number, options: FixedTownOptions) {
    this.world = new SimWorld(seed);
    this.#options = options;
    this.names = Array.from({ length: count + (options.strangers ?? 0) }, (_, i) => `n${i}`);
    this.ids = this.names.map((_, i) => i.toString(16).padStart(16, "0"));
    this.topology = topologyOf(this.ids.slice(0, count));
  }

  node(index: number): StorageNode {
    return this.#nodes[index]!;
  }

  /** Opens the node of that number, again after a kill. */
  async start(index: number, changes: Partial<NodeSettings> = {}): Promise<void> {
    const isStranger = !this.topology.members.some(({ id }) => id === this.ids[index]);
    const settings = {
      ...DEFAULT_SETTINGS,
      storage: "memory" as const,
      dataDirectory: "/data",
      ...this.#options.settings,
      ...changes,
    };
    const opening = openNode(this.world.runtime(this.names[index]!), settings, silentLogger, {
      fixed: {
        id: this.ids[index]!,
        topology: isStranger ? topologyOf(this.ids) : this.topology,
        addresses: new Map(this.ids.map((id, i) => [id, { host: this.names[i]!, port: PEER_PORT }])),
        secret: utf8("tell nobody"),
      },
    });
    this.#nodes[index] = await this.world.runUntil(opening, PATIENCE_MS);
  }

  set(index: number, key: string, value: string, level: ConsistencyLevel): Promise<void> {
    return this.#update(index, key, level, { kind: "put", value: utf8(value), expiresAtMs: NEVER });
  }

  delete(index: number, key: string, level: ConsistencyLevel): Promise<void> {
    return this.#update(index, key, level, { kind: "delete" });
  }

  get(index: number, key: string, level: ConsistencyLevel): Promise<string | undefined> {
    const { coordinator } = this.node(index).cluster!;
    const read = async (): Promise<string | undefined> =>
      coordinator.read({ database: 0, key: utf8(key) }, level, ({ value }) =>
        value === undefined ? undefined : toText(value),
      );
    return this.world.runUntil(read(), PATIENCE_MS);
  }

  async #update(index: number, key: string, level: ConsistencyLevel, change: Change): Promise<void> {
    const { coordinator } = this.node(index).cluster!;
    const options = { level, isSloppy: true, readLevel: undefined };
    const step = (): Effect<undefined> => ({ reply: undefined, change });
    const written = coordinator.update({ database: 0, key: utf8(key) }, options, step);
    await this.world.runUntil(written, PATIENCE_MS);
  }
}

function topologyOf(ids: readonly NodeId[]): Topology {
  const founders = ids.map((id) => ({ id, datacenter: "dc1", rack: "rack1", machine: `m${id}`, weight: 1 }));
  const founded = foundTopologyOf("c", founders);
  if (founded.kind === "refused") throw new Error(founded.reason);
  return founded.topology;
}
