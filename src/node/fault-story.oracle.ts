/**
 * Clients that read and write a cluster while nodes crash, die, stand still and lose sight of each other; and a check
 * of what the cluster has promised them. For tests only.
 *
 * A write is kept as the cell that its coordinator stored. A cell knows of a write if merging that into it changes
 * nothing: so neither is the write lost, nor anything back that it replaced.
 */
import { equalBytes, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Cell } from "../causality/cell.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import { newsOf } from "../causality/cell-news.ts";
import { mergeCells, NOTHING_KNOWN } from "../causality/encoded-cell.ts";
import type { VersionVector } from "../causality/version-vector.ts";
import type { Change, Effect, KeyRef } from "../replication/step.ts";
import { slotOf } from "../ring/slot.ts";
import type { SimRandom } from "../sim/sim-random.ts";
import { FixedTown } from "./fixed-town.oracle.ts";
import type { NodeSettings } from "./settings.ts";

export interface StoryOptions {
  readonly settings?: Partial<NodeSettings>;
  readonly nodes: number;
  readonly isSloppy: boolean;
  /** Told of every node that is opened: to break it. */
  readonly onStart?: (town: FixedTown, index: number) => void;
}

/** What the check has found wrong, if anything. */
export interface StoryFindings {
  readonly ackedCount: number;
  readonly readCount: number;
  readonly faultCount: number;
  /** Acknowledged writes that fewer replicas know of than a write quorum, when all is healed. */
  readonly lost: readonly string[];
  /** Quorum reads that did not know of a write acknowledged before they began. */
  readonly stale: readonly string[];
  /** Rows of which replicas have different versions, when all is healed. */
  readonly unequal: readonly string[];
}

interface AckedWrite {
  readonly name: string;
  readonly cell: Uint8Array;
}

const CLIENTS = 6;
const HOT_KEYS = 5;
const PATIENCE_MS = 8_000;
const HEALING_MS = 60_000;

export class FaultStory {
  readonly #town: FixedTown;
  readonly #options: StoryOptions;
  readonly #random: SimRandom;
  readonly #running: Set<number>;
  readonly #acked: AckedWrite[] = [];
  readonly #stale: string[] = [];
  #freshKeys = 0;
  #readCount = 0;
  #faultCount = 0;
  #isOver = false;

  static async run(seed: string, durationMs: number, options: StoryOptions): Promise<StoryFindings> {
    const town = await FixedTown.open(seed, options.nodes, { settings: options.settings ?? {} });
    const story = new FaultStory(town, options);
    for (let i = 0; i < options.nodes; i++) options.onStart?.(town, i);
    return story.#run(durationMs);
  }

  private constructor(town: FixedTown, options: StoryOptions) {
    this.#town = town;
    this.#options = options;
    this.#random = town.world.random("story");
    this.#running = new Set(town.names.keys());
  }

  async #run(durationMs: number): Promise<StoryFindings> {
    const { world } = this.#town;
    const clients = Array.from({ length: CLIENTS }, () => this.#live());
    const endMs = world.nowMs + durationMs;
    while (world.nowMs < endMs) {
      await world.runFor(100 + this.#random.below(900));
      await this.#fault();
    }
    this.#isOver = true;
    await world.runUntil(Promise.all(clients));
    world.heal();
    for (const i of this.#town.names.keys()) if (!this.#running.has(i)) await this.#start(i);
    await world.runFor(HEALING_MS);
    return {
      ackedCount: this.#acked.length,
      readCount: this.#readCount,
      faultCount: this.#faultCount,
      lost: await this.#findLost(),
      stale: this.#stale,
      unequal: await this.#findUnequal(),
    };
  }

  async #live(): Promise<void> {
    while (!this.#isOver) {
      const name = this.#random.oneIn(2) ? `hot${this.#random.below(HOT_KEYS)}` : `fresh${this.#freshKeys++}`;
      try {
        if (this.#random.oneIn(3)) await this.#read(name);
        else await this.#write(name);
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
      }
      await this.#sleep(5 + this.#random.below(30));
    }
  }

  async #write(name: string): Promise<void> {
    const coordinator = this.#coordinatorOf(name);
    if (coordinator === undefined) return;
    const value = utf8(`${name} ${this.#acked.length} ${this.#random.below(1e6)}`);
    const change: Change = this.#random.oneIn(5)
      ? { kind: "delete" }
      : { kind: "put", value, expiresAtMs: 0 };
    const step = (): Effect<Uint8Array> => ({
      reply: value,
      change,
      replyAfter: (cell: Cell) => encodeCell(cell),
    });
    const options = { level: "quorum" as const, isSloppy: this.#options.isSloppy, readLevel: undefined };
    const cell = await this.#patiently(
      coordinator.update(refOf(name), options, step).then(({ reply }) => reply),
    );
    if (cell !== undefined) this.#acked.push({ name, cell });
  }

  async #read(name: string): Promise<void> {
    const coordinator = this.#coordinatorOf(name);
    if (coordinator === undefined) return;
    const owed = this.#acked.filter((write) => write.name === name);
    const reading = Promise.resolve(
      coordinator.read(refOf(name), "quorum", ({ cell }) => ({ cell: cell && encodeCell(cell) })),
    );
    const seen = await this.#patiently(reading);
    if (seen === undefined) return;
    this.#readCount++;
    if (!owed.every(({ cell }) => knowsOf(seen.cell, cell)))
      this.#stale.push(`${name} at ${this.#town.world.nowMs}`);
  }

  /** Of some running replica of the key. */
  #coordinatorOf(name: string) {
    const [anybody] = this.#running;
    if (anybody === undefined) return undefined;
    const replicas = this.#town.node(anybody).cluster!.view.replicasOf(slotOf(utf8(name)));
    const able = [...this.#running].filter((i) => replicas.some(({ id }) => id === this.#town.ids[i]));
    return able.length === 0
      ? undefined
      : this.#town.node(able[this.#random.below(able.length)]!).cluster!.coordinator;
  }

  async #fault(): Promise<void> {
    const { world, names } = this.#town;
    const victim = this.#random.below(names.length);
    this.#faultCount++;
    switch (this.#random.below(6)) {
      case 0:
      case 1:
        if (this.#running.size > names.length - 2 && this.#running.delete(victim)) {
          if (this.#random.oneIn(2)) world.crash(names[victim]!);
          else world.kill(names[victim]!);
        }
        return;
      case 2:
        return this.#restartOne();
      case 3:
        return world.pause(names[victim]!, 100 + this.#random.below(2_000));
      case 4: {
        const cut = 1 + this.#random.below(2);
        const side = names.slice(victim, victim + cut);
        return world.partition(
          side,
          names.filter((name) => !side.includes(name)),
        );
      }
      default:
        return world.heal();
    }
  }

  async #restartOne(): Promise<void> {
    const dead = [...this.#town.names.keys()].find((i) => !this.#running.has(i));
    if (dead !== undefined) await this.#start(dead);
  }

  async #start(index: number): Promise<void> {
    await this.#town.start(index);
    this.#options.onStart?.(this.#town, index);
    this.#running.add(index);
  }

  /** What each replica has by itself, hints delivered: of three, two must know of it. */
  async #findLost(): Promise<string[]> {
    const lost: string[] = [];
    for (const { name, cell } of this.#acked) {
      const slot = slotOf(utf8(name));
      let knowing = 0;
      let copies = 0;
      for (const i of this.#town.names.keys()) {
        const { view } = this.#town.node(i).cluster!;
        if (!view.replicasOf(slot).some(({ id }) => id === this.#town.ids[i])) continue;
        copies++;
        const { received } = this.#town.node(i).replica;
        const own = await this.#town.world.runUntil(Promise.resolve(received.load(refOf(name))));
        if (knowsOf(own, cell) || hasForgotten(own, cell, received.seen?.of(slot) ?? [])) knowing++;
      }
      if (knowing < Math.floor(copies / 2) + 1) lost.push(`${name}: ${knowing} of ${copies}`);
    }
    return lost;
  }

  async #findUnequal(): Promise<string[]> {
    const names = new Set(this.#acked.map(({ name }) => name));
    const unequal: string[] = [];
    for (const name of names) {
      const slot = slotOf(utf8(name));
      const versions = new Set<string>();
      for (const i of this.#town.names.keys()) {
        const { view } = this.#town.node(i).cluster!;
        if (!view.replicasOf(slot).some(({ id }) => id === this.#town.ids[i])) continue;
        const own = await this.#town.world.runUntil(
          Promise.resolve(this.#town.node(i).replica.received.load(refOf(name))),
        );
        versions.add(own === undefined ? "" : Buffer.from(own).toString("hex"));
      }
      if (versions.size > 1) unequal.push(name);
    }
    return unequal;
  }

  /** Undefined if nobody answers: whom it was asked of is dead. */
  async #patiently<T>(answer: Promise<T>): Promise<T | undefined> {
    return Promise.race([answer, this.#sleep(PATIENCE_MS).then(() => undefined)]);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#town.world.scheduler.after(ms, resolve);
    });
  }
}

function refOf(name: string): KeyRef {
  return { database: 0, key: utf8(name) };
}

/** Its deletion was known to all, and is kept no more: what the bound covers is over. */
function hasForgotten(cell: Uint8Array | undefined, write: Uint8Array, bound: VersionVector): boolean {
  return cell === undefined && newsOf(decodeCell(write), undefined, bound) === undefined;
}

/** A deletion of what nobody has ever heard of says nothing, and is not kept. */
function knowsOf(cell: Uint8Array | undefined, write: Uint8Array): boolean {
  const known = cell ?? NOTHING_KNOWN;
  return equalBytes(encodeCell(decodeCell(mergeCells(known, write))), encodeCell(decodeCell(known)));
}
