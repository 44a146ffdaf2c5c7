/** Nodes that find each other by what they are told to join, in a simulated world. For tests only. */
import { toText, utf8 } from "../base/bytes.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { NEVER } from "../causality/cell.ts";
import type { ConsistencyLevel } from "../replication/quorum-need.ts";
import type { Effect } from "../replication/step.ts";
import { slotOf } from "../ring/slot.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import type { ClusterNode } from "./cluster-node.ts";
import { openNode, type StorageNode } from "./node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "./settings.ts";

export const PEER_PORT = 17_000;

interface Resident {
  node: StorageNode | undefined;
  failure: Error | undefined;
  opening: Promise<unknown>;
}

/** A node is named after its host. */
export class JoiningTown {
  readonly world: SimWorld;
  /** What nodes have warned of, each with its name. */
  readonly warnings: string[] = [];
  readonly #residents = new Map<string, Resident>();

  constructor(seed: string, names: readonly string[]) {
    this.world = new SimWorld(seed);
    for (const name of names) this.world.runtime(name); // so that its name is known
  }

  /** Begins to open a node, again after a kill: on the same disk. */
  start(
    name: string,
    join: readonly string[],
    { host = name, ...changes }: Partial<NodeSettings> & { host?: string } = {},
  ): void {
    const settings: NodeSettings = {
      ...DEFAULT_SETTINGS,
      storage: "memory",
      dataDirectory: "/data",
      machine: `machine of ${name}`,
      peerHost: host,
      peerPort: PEER_PORT,
      secret: "tell nobody",
      join: join.map((other) => (other.includes(":") ? other : `${other}:${PEER_PORT}`)).join(","),
      ...changes,
    };
    const opening = openNode(this.world.runtime(name), settings, this.#loggerOf(name)).then(
      (node) => {
        resident.node = node;
      },
      (cause: Error) => {
        resident.failure = cause;
      },
    );
    const resident: Resident = { node: undefined, failure: undefined, opening };
    this.#residents.set(name, resident);
  }

  /** The node of that disk, as no part of any cluster. */
  async openAlone(
    name: string,
  ): Promise<{ put(key: string, value: string): Promise<void>; close(): Promise<void> }> {
    const { clock } = this.world.runtime(name);
    const settings: NodeSettings = { ...DEFAULT_SETTINGS, dataDirectory: "/data" };
    const node = await this.world.runUntil(openNode(this.world.runtime(name), settings, silentLogger));
    return {
      put: async (key, value) => {
        const change = { kind: "put", value: utf8(value), expiresAtMs: NEVER } as const;
        const ref = { database: 0, key: utf8(key) };
        await node.replica.update(ref, clock.wallMs(), () => ({ reply: undefined, change }));
      },
      close: () => node.close(),
    };
  }

  #loggerOf(name: string): Logger {
    return { ...silentLogger, warn: (_, message) => void this.warnings.push(`${name}: ${message}`) };
  }

  kill(name: string): void {
    this.world.kill(name);
    this.#residents.delete(name);
    this.world.runtime(name);
  }

  crash(name: string): void {
    this.world.crash(name);
    this.#residents.delete(name);
    this.world.runtime(name);
  }

  isOpen(name: string): boolean {
    return this.#residents.get(name)?.node !== undefined;
  }

  failureOf(name: string): Error | undefined {
    return this.#residents.get(name)?.failure;
  }

  cluster(name: string): ClusterNode {
    const node = this.#residents.get(name)?.node;
    if (node === undefined) throw new Error(`${name} is not open: ${this.failureOf(name)?.message}`);
    return node.cluster!;
  }

  /** Deleted ones included. */
  rowsAt(name: string): number {
    const { engine } = this.#residents.get(name)!.node!;
    return Array.from({ length: 16 }, (_, database) => engine.counts(database).rows).reduce((a, b) => a + b);
  }

  /** What must be equal everywhere, in words. */
  planAt(name: string): string {
    const { clusterId, epoch, members, move } = this.cluster(name).topology;
    return `${clusterId} epoch ${epoch} of ${members.map(({ id }) => id).join(" ")}${move === undefined ? "" : " moving"}`;
  }

  /** Distinct plans of the nodes that are open, and how many they are. */
  plans(names: readonly string[]): readonly string[] {
    return [...new Set(names.map((name) => this.planAt(name)))];
  }

  set(name: string, key: string, value: string, level: ConsistencyLevel = "quorum"): Promise<void> {
    const options = { level, isSloppy: true, readLevel: undefined };
    const step = (): Effect<undefined> => ({
      reply: undefined,
      change: { kind: "put", value: utf8(value), expiresAtMs: NEVER },
    });
    const written = this.cluster(name).coordinator.update({ database: 0, key: utf8(key) }, options, step);
    return this.world.runUntil(
      written.then(() => undefined),
      20_000,
    );
  }

  /** Whether the node should have the key, by its own plan; then `get` at "one" shows its copy. */
  keepsCopy(name: string, key: string): boolean {
    const { view } = this.cluster(name);
    return view.replicasOf(slotOf(utf8(key))).some(({ id }) => id === view.self.id);
  }

  get(name: string, key: string, level: ConsistencyLevel = "quorum"): Promise<string | undefined> {
    const read = async (): Promise<string | undefined> =>
      this.cluster(name).coordinator.read({ database: 0, key: utf8(key) }, level, ({ value }) =>
        value === undefined ? undefined : toText(value),
      );
    return this.world.runUntil(read(), 20_000);
  }
}
