/**
 * The tokens of one datacenter, in order, with the replicas of the slots before each; kept as tokens come and go.
 *
 *   position   0 ........ 700 ........ 2000 .... 16383       slot i stands at position i
 *   token                 a            b                     range of b: slots 701..2000, which walk from b on
 *
 * The walk of a range goes clockwise from its token and takes the first nodes on distinct machines, within what their
 * racks may take (site.ts). All slots of a range have one walk, so only tokens are walked from.
 */
import { assert } from "../base/assert.ts";
import type { Site } from "./site.ts";
import { SLOT_COUNT } from "./slot.ts";

export interface Range {
  /** Of the token at its end; the range's last slot. */
  readonly position: number;
  readonly owner: number;
  /** Nodes in the order of the walk, and how many tokens the walk had passed before it took each. */
  replicas: readonly number[];
  steps: readonly number[];
  /** How many tokens the walk looked at, its own included. */
  reach: number;
}

export class SiteRing {
  readonly site: Site;
  readonly ranges: Range[] = [];
  /** Slots by node: all copies, and first copies. */
  readonly loads: Float64Array;
  readonly firstLoads: Float64Array;
  readonly #machineMarks: Uint32Array;
  readonly #rackMarks: Uint32Array;
  readonly #rackCopies: Uint8Array;
  #mark = 0;

  /** With the members' tokens. Throws AssertionError if two are equal. */
  constructor(site: Site) {
    this.site = site;
    this.loads = new Float64Array(site.members.length);
    this.firstLoads = new Float64Array(site.members.length);
    this.#machineMarks = new Uint32Array(site.machineCount);
    this.#rackMarks = new Uint32Array(site.rackCount);
    this.#rackCopies = new Uint8Array(site.rackCount);
    site.members.forEach(({ tokens }, owner) => {
      for (const position of tokens) this.ranges.push({ position, owner, replicas: [], steps: [], reach: 0 });
    });
    this.ranges.sort((a, b) => a.position - b.position);
    const isRising = this.ranges.every(
      ({ position }, i) => i === 0 || position > this.ranges[i - 1]!.position,
    );
    assert(isRising, "no two tokens of a datacenter are equal");
    for (let index = 0; index < this.ranges.length; index++) {
      this.#walkFrom(index);
      this.#count(index, 1);
    }
  }

  /** By index of the token: slots of which its node has a copy because of it. */
  tokenLoads(): Float64Array {
    const { length } = this.ranges;
    const loads = new Float64Array(length);
    this.ranges.forEach(({ steps }, index) => {
      const slots = this.widthOf(index);
      for (const step of steps) loads[(index + step) % length]! += slots;
    });
    return loads;
  }

  /** Slots of the range that ends at the token at `index`. */
  widthOf(index: number): number {
    const { position } = this.ranges[index]!;
    if (this.ranges.length === 1) return SLOT_COUNT;
    const before = this.ranges[index === 0 ? this.ranges.length - 1 : index - 1]!.position;
    return position > before ? position - before : position - before + SLOT_COUNT;
  }

  /** Index of the first token at `position` or behind it, which may be 0: past the last, the circle begins again. */
  indexAt(position: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low === this.ranges.length ? 0 : low;
  }

  /** Requires: no token stands there. */
  insert(position: number, owner: number): void {
    const at = this.indexAt(position);
    assert(this.ranges[at]?.position !== position, "a token's position is free");
    const isBehindAll = at === 0 && this.ranges.length > 0 && position > this.ranges[0]!.position;
    const index = isBehindAll ? this.ranges.length : at;
    const stale = this.#walksOver(at);
    if (this.ranges.length > 0) stale.add(this.ranges[at]!);
    this.#change(stale, () => {
      const range = { position, owner, replicas: [], steps: [], reach: 0 };
      this.ranges.splice(index, 0, range);
      stale.add(range);
    });
  }

  /** Takes the token at `index` away. */
  remove(index: number): void {
    const range = this.ranges[index]!;
    const stale = this.#walksOver(index);
    stale.add(this.ranges[(index + 1) % this.ranges.length]!);
    stale.add(range);
    this.#change(stale, () => {
      this.ranges.splice(index, 1);
      stale.delete(range);
    });
  }

  /** Whether the walk of the range at `start` looks at the token `steps` further on. */
  looksAhead(start: number, steps: number): boolean {
    return steps < this.ranges[start]!.reach;
  }

  #walkFrom(start: number): void {
    const { ranges } = this;
    const { copies } = this.site;
    const replicas: number[] = [];
    const steps: number[] = [];
    this.#mark++;
    let { extras } = this.site;
    let step = 0;
    for (let index = start; step < ranges.length && replicas.length < copies; step++) {
      extras -= this.#take(ranges[index]!.owner, extras, replicas);
      if (replicas.length > steps.length) steps.push(step);
      index = index + 1 === ranges.length ? 0 : index + 1;
    }
    const range = ranges[start]!;
    range.replicas = replicas;
    range.steps = steps;
    range.reach = step;
  }

  /** Returns how many extras that took: 0 or 1. */
  #take(node: number, extras: number, replicas: number[]): number {
    const { machineOf, rackOf, base, takesExtra } = this.site;
    const machine = machineOf[node]!;
    if (this.#machineMarks[machine] === this.#mark) return 0;
    const rack = rackOf[node]!;
    if (this.#rackMarks[rack] !== this.#mark) {
      this.#rackMarks[rack] = this.#mark;
      this.#rackCopies[rack] = 0;
    }
    const held = this.#rackCopies[rack]!;
    const isExtra = held === base[rack]!;
    if (held > base[rack]! || (isExtra && (extras === 0 || takesExtra[rack] === 0))) return 0;
    this.#machineMarks[machine] = this.#mark;
    this.#rackCopies[rack] = held + 1;
    replicas.push(node);
    return isExtra ? 1 : 0;
  }

  /** The ranges behind the one at `index` whose walks look at its token. */
  #walksOver(index: number): Set<Range> {
    const ranges = new Set<Range>();
    const length = this.ranges.length;
    for (let step = 1; step < length; step++) {
      const start = (index - step + length) % length;
      if (!this.looksAhead(start, step)) break;
      ranges.add(this.ranges[start]!);
    }
    return ranges;
  }

  #change(stale: ReadonlySet<Range>, change: () => void): void {
    for (let i = 0; i < this.ranges.length; i++) if (stale.has(this.ranges[i]!)) this.#count(i, -1);
    change();
    for (let i = 0; i < this.ranges.length; i++) {
      if (!stale.has(this.ranges[i]!)) continue;
      this.#walkFrom(i);
      this.#count(i, 1);
    }
  }

  #count(index: number, sign: number): void {
    const { replicas, owner } = this.ranges[index]!;
    const slots = sign * this.widthOf(index);
    for (const node of replicas) this.loads[node]! += slots;
    this.firstLoads[owner]! += slots;
  }
}
