/** Looks at what each node of a simulated cluster has: not as a client does, but at its own copies. */
import { toText, utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Cell, Sibling } from "../../causality/cell.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { waitingMoves } from "../../membership/waiting-moves.ts";
import { cellTraits } from "../../node/cell-rules.ts";
import type { StorageNode } from "../../node/node.ts";
import { DEFAULT_PEER_LIMITS } from "../../peer/peer-settings.ts";
import { SLOT_COUNT, slotOf } from "../../ring/slot.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../../storage/lsm/table/merkle-summary.ts";
import type { QueueReport, SeenDot, SumComparison } from "../history/history.ts";
import type { SimCluster } from "./sim-cluster.ts";

export class Survey {
  readonly #cluster: SimCluster;
  readonly #dots = new Map<string, SeenDot>();
  readonly #longest = new Map<string, QueueReport>();

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  /** Each version once that was ever seen, and each other version of the same dot. */
  get dots(): readonly SeenDot[] {
    return [...this.#dots.values()];
  }

  get queues(): readonly QueueReport[] {
    return [...this.#longest.values()];
  }

  /**
   * The node's own copies of these keys, encoded, but for those that it cannot vouch for now. Never resolves if the node dies
   * meanwhile.
   */
  async copiesAt(name: string, keys: Iterable<string>): Promise<ReadonlyMap<string, Uint8Array>> {
    const { received } = this.#cluster.node(name).replica;
    const copies = new Map<string, Uint8Array>();
    for (const key of keys) {
      const cell = await ownCopy(received, key);
      if (cell === undefined) continue;
      copies.set(key, cell);
      this.#noteDots(name, key, decodeCell(cell));
    }
    return copies;
  }

  /**
   * For each slot with rows, the sums that the node's engine keeps beside those of all its rows. Nothing for an engine that
   * keeps none. Requires: the node is at rest.
   */
  async sumsAt(name: string): Promise<readonly SumComparison[]> {
    const { engine } = this.#cluster.node(name);
    if (engine.merkleSummary === undefined) return [];
    const scanned = new MerkleSummary();
    const rows = engine.scan(new Uint8Array(0), undefined);
    while (await rows.next()) scanned.addRow(rows.key, rows.cell, cellTraits);
    const kept = textsOf(engine.merkleSummary(0, SLOT_COUNT));
    const actual = textsOf(scanned);
    return [...new Set([...kept.keys(), ...actual.keys()])].map((slot) => ({
      node: name,
      slot,
      kept: kept.get(slot) ?? "",
      scanned: actual.get(slot) ?? "",
    }));
  }

  /** True if all nodes run by one plan with no move under way or due, keep no hints, and have the same of each key that they keep. */
  async isAllEqual(keys: readonly string[]): Promise<boolean> {
    const { names, world } = this.#cluster;
    if (!names.every((name) => this.#cluster.isUp(name))) return false;
    const parts = names.map((name) => this.#cluster.node(name).cluster!);
    if (parts.some(({ hints }) => hints.statistics.count > 0)) return false;
    if (names.some((name) => this.movesAt(name).length > 0)) return false; // also who only waits to join: what is equal will not stay so
    if (new Set(names.map((name) => this.planAt(name))).size > 1) return false;
    const copies = new Map<string, ReadonlyMap<string, Uint8Array>>();
    for (const name of names) copies.set(name, await world.runUntil(this.copiesAt(name, keys)));
    return keys.every((key) => {
      const owners = this.replicasOf(names[0]!, key);
      if (names.some((name) => !owners.includes(name) && copies.get(name)?.has(key) === true)) return false;
      const contents = owners.map((name) => copies.get(name)?.get(key));
      return new Set(contents.map((copy) => (copy === undefined ? "" : toText(copy)))).size <= 1;
    });
  }

  /** By the plan that this node knows. */
  replicasOf(name: string, key: string): readonly string[] {
    const { cluster } = this.#cluster.node(name);
    const names = this.#namesById();
    return (cluster?.view.replicasOf(slotOf(utf8(key))) ?? []).map(({ id }) => names.get(id) ?? id);
  }

  planAt(name: string): string {
    const { topology } = this.#cluster.node(name).cluster!;
    const names = this.#namesById();
    return `epoch ${topology.epoch} of ${topology.members
      .map(({ id }) => names.get(id) ?? id)
      .sort()
      .join(" ")}`;
  }

  /** What is still to be moved, by the plan that this node knows. */
  movesAt(name: string): readonly string[] {
    const { topology } = this.#cluster.node(name).cluster!;
    const { move } = topology;
    const names = this.#namesById();
    const nameOf = (id: string): string => names.get(id) ?? id;
    return [
      ...(move === undefined ? [] : [`the ${move.kind} of ${nameOf(move.id)} is ${move.stage}`]),
      ...waitingMoves(topology).map(({ id, kind }) => `${nameOf(id)} waits to ${kind}`),
    ];
  }

  machineOf(name: string): string {
    return this.#cluster.node(name).cluster?.self.machine ?? name;
  }

  /** Notes how long queues are now. */
  noteQueues(): void {
    for (const name of this.#cluster.names.filter((each) => this.#cluster.isUp(each))) {
      const { cluster } = this.#cluster.node(name);
      if (cluster === undefined) continue;
      this.#noteAnnexes(name);
      const { requests, bytes } = cluster.queues();
      const links = this.#cluster.names.length - 1;
      const { inFlightMax, queueBytesMax } = DEFAULT_PEER_LIMITS;
      this.#noteQueue(name, "requests to other nodes", requests, links * inFlightMax);
      this.#noteQueue(name, "bytes for other nodes", bytes, links * queueBytesMax);
      const { statistics, settings } = cluster.hints;
      const { hintBytesMax = settings.bytesMax } = this.#cluster.plan;
      this.#noteQueue(name, "bytes of hints", statistics.sizeBytes, hintBytesMax);
    }
  }

  /** What rows take of each keyspace in memory that has a limit. */
  #noteAnnexes(name: string): void {
    for (const annex of this.#cluster.node(name).engine.annexes()) {
      const { memoryBytesMax, statistics } = annex;
      if (memoryBytesMax > 0)
        this.#noteQueue(name, `bytes of ${annex.name} in memory`, statistics.liveBytes, memoryBytesMax);
    }
  }

  #noteQueue(node: string, name: string, length: number, bound: number): void {
    const key = `${node} ${name}`;
    const longest = Math.max(length, this.#longest.get(key)?.longest ?? 0);
    this.#longest.set(key, { node, name, longest, bound });
  }

  #noteDots(node: string, key: string, { siblings }: Cell): void {
    for (const sibling of siblings) {
      const { actor, counter } = sibling.dot;
      const content = contentOf(sibling);
      const id = `${actor}:${counter} ${key} ${content}`;
      if (this.#dots.has(id)) continue;
      this.#dots.set(id, { actor: actor.toString(16), counter, key, content, node });
    }
  }

  #namesById(): ReadonlyMap<string, string> {
    const { names } = this.#cluster;
    const running = names.filter((name) => this.#cluster.isUp(name));
    return new Map(running.map((name) => [this.#cluster.node(name).cluster?.self.id ?? name, name]));
  }
}

async function ownCopy(
  received: StorageNode["replica"]["received"],
  key: string,
): Promise<Uint8Array | undefined> {
  try {
    return await received.load({ database: 0, key: utf8(key) });
  } catch (cause) {
    if (cause instanceof StoreError && cause.code === "IO") return undefined;
    throw cause;
  }
}

/** Equal for one write. A running total has another dot whenever it grows. */
function contentOf(sibling: Sibling): string {
  if (sibling.kind === "increment") return `increments from ${sibling.first}: ${sibling.total}`;
  const { hlc, expiresAtMs, payload } = sibling;
  return `value ${toText(payload)} ${hlc.wallMs}.${hlc.logical} ${expiresAtMs}`;
}

/** Slot -> its leaves that are not 0, with their sums. */
function textsOf(summary: MerkleSummary): ReadonlyMap<number, string> {
  const texts = new Map<number, string>();
  summary.forEachLeaf((leaf, { low, high }) => {
    const slot = Math.floor(leaf / SLOT_LEAF_COUNT);
    const hex = [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
    texts.set(slot, `${texts.get(slot) ?? ""} ${leaf % SLOT_LEAF_COUNT}:${hex}`);
  });
  return texts;
}
