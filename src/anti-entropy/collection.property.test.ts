/**
 * Owners that forget deletions end with the values of owners that never forget any, whatever is late, lost, restored or
 * interleaved. Each owner has two sets of rows: its own, and a shadow that everything is done to as well, but for forgetting.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cell, ValueSibling } from "../causality/cell.ts";
import { EMPTY_CELL } from "../causality/cell.ts";
import { merge } from "../causality/cell-merge.ts";
import { newsOf } from "../causality/cell-news.ts";
import { increment, overwrite, remove } from "../causality/cell-write.ts";
import { covers, descends, joinVectors, type VersionVector } from "../causality/version-vector.ts";
import { Collection, musterOf } from "./collection.ts";
import { SeenBounds } from "./seen-bounds.ts";

const SLOT = 7;
const SPAN = { first: SLOT, last: SLOT };
const KEYS = 4;
const OWNERS = 3;
type Rows = Map<number, Cell>;

interface Saved {
  readonly rows: Rows;
  readonly shadow: Rows;
  readonly bound: VersionVector;
}

class Owner {
  rows: Rows = new Map();
  shadow: Rows = new Map();
  bounds = new SeenBounds();
  collection = new Collection();
  marks = new Map<string, number>();
  counter = 0;
  saved: Saved = { rows: new Map(), shadow: new Map(), bound: [] };
  backup: Saved | undefined;
  readonly name: string;
  actor: bigint;

  constructor(name: string, actor: bigint) {
    this.name = name;
    this.actor = actor;
  }

  save(): void {
    this.saved = {
      rows: new Map(this.rows),
      shadow: new Map(this.shadow),
      bound: this.bounds.of(SLOT),
    };
  }

  /** "gone": all of it was forgotten here. */
  take(key: number, cell: Cell): "gone" | undefined {
    const present = this.rows.get(key);
    const news = newsOf(cell, present, this.bounds.of(SLOT));
    if (news === undefined) return "gone";
    this.rows.set(key, present === undefined ? news : merge(present, news));
    return undefined;
  }

  takeShadow(key: number, cell: Cell): void {
    this.shadow.set(key, merge(this.shadow.get(key) ?? EMPTY_CELL, cell));
  }
}

interface Exchange {
  readonly a: Owner;
  readonly b: Owner;
  readonly lives: readonly bigint[];
  readonly sinceMs: number;
  readonly seen: VersionVector;
  isEqual: boolean | undefined;
}

class Model {
  nowMs = 1;
  readonly owners = Array.from({ length: OWNERS }, (_, i) => new Owner(`o${i}`, BigInt(i + 1)));
  readonly late: { key: number; cell: Cell; shadow: Cell }[] = [];
  readonly exchanges: Exchange[] = [];
  /** Keys of writes that nobody has any more but those that are late: whether they count is anybody's guess. */
  readonly doubtful = new Set<number>();
  collected = 0;
  #lives = OWNERS;
  /** All have seen all since a disk was lost. */
  #isWhole = true;
  readonly breaks: string;

  constructor(breaks = "") {
    this.breaks = breaks;
  }

  write(owner: Owner, key: number, kind: number): void {
    const change = (cell: Cell | undefined): Cell | undefined => {
      if (kind === 0) return cell === undefined ? undefined : remove(cell);
      const dot = { actor: owner.actor, counter: owner.counter };
      if (kind === 1) return increment(cell, dot, 1n);
      const sibling: ValueSibling = {
        kind: "value",
        dot,
        hlc: { wallMs: this.nowMs, logical: 0 },
        expiresAtMs: 0,
        payload: Uint8Array.of(owner.counter % 256),
      };
      return overwrite(cell, sibling);
    };
    owner.counter++;
    const [cell, shadow] = [change(owner.rows.get(key)), change(owner.shadow.get(key))];
    if (cell !== undefined) owner.rows.set(key, cell);
    if (shadow !== undefined) owner.shadow.set(key, shadow);
    if (shadow !== undefined) this.late.push({ key, cell: cell ?? shadow, shadow });
  }

  deliver(owner: Owner, index: number): void {
    const message = this.late[index % Math.max(1, this.late.length)];
    if (message === undefined) return;
    owner.take(message.key, message.cell);
    owner.takeShadow(message.key, message.shadow);
  }

  muster(by: Owner): void {
    const ended = this.owners
      .flatMap(({ rows }) => [...rows.values()])
      .filter(({ siblings }) => siblings.length === 0)
      .reduce<VersionVector>((all, { context }) => joinVectors(all, context), [])
      .filter(({ actor }) => !this.owners.some((owner) => owner.actor === actor));
    const states = this.owners.map(({ actor, counter }) => ({
      settled: counter === 0 ? [] : [{ actor, counter }],
      isEmptyHanded: true,
    }));
    by.collection.onMuster(musterOf(this.nowMs, states, ended)!);
  }

  /** The first step begins it, the second compares, the third mends what differs, or agrees. */
  step(a: Owner, b: Owner): void {
    const at = this.exchanges.findIndex((each) => each.a === a && each.b === b);
    const found = this.exchanges[at];
    if (found === undefined) {
      const seen = a.bounds.of(SLOT);
      this.exchanges.push({ a, b, lives: [a.actor, b.actor], sinceMs: this.nowMs, seen, isEqual: undefined });
    } else if (found.isEqual === undefined) {
      found.isEqual = textOf(a.rows) === textOf(b.rows);
    } else {
      this.exchanges.splice(at, 1);
      if (found.isEqual) this.#agree(found);
      else this.#mend(a, b);
    }
  }

  #agree({ a, b, lives, sinceMs, seen }: Exchange): void {
    if (lives[0] !== a.actor || lives[1] !== b.actor) return;
    const from = this.breaks === "unequal" ? Number.POSITIVE_INFINITY : sinceMs;
    for (const [own, other] of [
      [b, a],
      [a, b],
    ] as const) {
      own.collection.onEqual(other.name, [SPAN], { sinceMs: from, seen });
      const others = this.owners.filter((each) => each !== own).map(({ name }) => name);
      own.bounds.raise([SPAN], seen);
      for (const { spans, seen: more } of own.collection.newlySeen([{ ...SPAN, others }]))
        own.bounds.raise(spans, more);
      own.save();
    }
  }

  #mend(a: Owner, b: Owner): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const [key, cell] of [...from.rows]) {
        if (to.take(key, cell) === "gone") from.rows.delete(key);
      }
      for (const [key, cell] of from.shadow) to.takeShadow(key, cell);
    }
    for (const [key, cell] of a.rows) b.take(key, cell);
  }

  sweep(owner: Owner): void {
    const others = this.owners.filter((each) => each !== owner);
    const marks = new Map<string, number>();
    for (const [key, cell] of [...owner.rows]) {
      if (cell.siblings.length > 0) continue;
      const version = `${key} ${cellText(cell)}`;
      const markedMs = owner.marks.get(version) ?? Number.POSITIVE_INFINITY;
      const names = others.map(({ name }) => name);
      const { context } = cell;
      const isAgreed =
        descends(owner.saved.bound, context) &&
        owner.collection.mayCollect(SLOT, names, { markedMs, context });
      if (this.breaks === "early" || isAgreed) {
        this.collected++;
        owner.rows.delete(key);
        for (const other of others) {
          const present = other.rows.get(key);
          if (present !== undefined && cellText(present) === cellText(cell)) other.rows.delete(key);
        }
      } else {
        marks.set(version, Math.min(markedMs, this.nowMs));
      }
    }
    owner.marks = marks;
  }

  /** What was not saved is lost, or all; or what was saved long ago is back. */
  lose(owner: Owner, how: number): void {
    if (how > 0 && !this.#isWhole) return; // one disk at a time: more than that nothing survives
    if (how > 0) this.#isWhole = false;
    const nothing = { rows: new Map(), shadow: new Map(), bound: [] };
    const left = how === 0 ? owner.saved : how === 1 ? nothing : (owner.backup ?? owner.saved);
    const held = (rows: Rows) =>
      [...rows].flatMap(([key, { siblings }]) => siblings.map(({ dot }) => ({ key, dot })));
    const before = [
      ...held(owner.shadow),
      ...this.late.flatMap(({ key, shadow }) => held(new Map([[key, shadow]]))),
    ];
    owner.rows = new Map(left.rows);
    owner.shadow = new Map(left.shadow);
    const kept = this.breaks === "kept bounds" ? owner.bounds.of(SLOT) : how === 0 ? left.bound : [];
    owner.bounds = new SeenBounds();
    owner.bounds.raise([SPAN], kept);
    owner.collection = new Collection();
    owner.marks = new Map();
    owner.actor = BigInt(++this.#lives);
    owner.counter = 0;
    owner.save();
    for (const { key, dot } of before) {
      const isThere = this.owners.some(({ shadow }) => {
        const cell = shadow.get(key);
        return cell !== undefined && covers(cell.context, dot);
      });
      if (!isThere) this.doubtful.add(key);
    }
  }

  /** With nothing in between, deletions go. */
  agree(): void {
    this.settle();
    for (const owner of this.owners) this.muster(owner);
    this.nowMs++;
    for (let round = 0; round < 2; round++) {
      this.sweep(this.owners[0]!);
      this.nowMs++;
      this.settle();
    }
    this.sweep(this.owners[0]!);
    this.#isWhole = true;
  }

  settle(): void {
    this.exchanges.length = 0;
    for (let round = 0; round < 2; round++) {
      for (const a of this.owners)
        for (const b of this.owners) {
          if (a === b) continue;
          for (let step = 0; step < 3; step++, this.nowMs++) this.step(a, b);
        }
    }
  }
}

function cellText({ context, siblings, absorbed }: Cell): string {
  const dots = (all: readonly { actor?: bigint; dot?: unknown }[]): string =>
    JSON.stringify(all, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  return `${dots(context)} ${dots(siblings)} ${dots(absorbed)}`;
}

function textOf(rows: Rows): string {
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([key, cell]) => `${key} ${cellText(cell)}`)
    .join("\n");
}

function liveOf(rows: Rows, key: number): string {
  const siblings = rows.get(key)?.siblings ?? [];
  return siblings.map(({ dot }) => `${dot.actor}:${dot.counter}`).join(" ");
}

const anyStep = fc.tuple(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant("write") },
    { weight: 4, arbitrary: fc.constant("deliver") },
    { weight: 14, arbitrary: fc.constant("exchange") },
    { weight: 3, arbitrary: fc.constant("muster") },
    { weight: 4, arbitrary: fc.constant("sweep") },
    { weight: 1, arbitrary: fc.constant("lose") },
    { weight: 1, arbitrary: fc.constant("back up") },
    { weight: 1, arbitrary: fc.constant("settle") },
    { weight: 2, arbitrary: fc.constant("agree") },
  ),
  fc.nat({ max: OWNERS - 1 }),
  fc.nat({ max: 1_000 }),
  fc.nat({ max: 2 }),
);

function play(steps: readonly (readonly [string, number, number, number])[], breaks = ""): Model {
  const model = new Model(breaks);
  for (const [what, which, number, kind] of steps) {
    const owner = model.owners[which]!;
    const other = model.owners[(which + 1 + (number % 2)) % OWNERS]!;
    model.nowMs++;
    if (what === "write") model.write(owner, number % KEYS, kind);
    else if (what === "deliver") model.deliver(owner, number);
    else if (what === "exchange") model.step(owner, other);
    else if (what === "muster") model.muster(owner);
    else if (what === "sweep") model.sweep(owner);
    else if (what === "lose") model.lose(owner, kind);
    else if (what === "back up") owner.backup = owner.saved;
    else if (what === "settle") model.settle();
    else model.agree();
  }
  model.settle();
  model.settle();
  return model;
}

/** A key whose values are not those of who never forgets. */
function wrongKey({ owners, doubtful }: Model): string | undefined {
  for (let key = 0; key < KEYS; key++) {
    if (doubtful.has(key)) continue;
    for (const { name, rows, shadow } of owners) {
      if (liveOf(rows, key) !== liveOf(shadow, key))
        return `${name} key ${key}: ${liveOf(rows, key)} instead of ${liveOf(shadow, key)}`;
    }
  }
  return undefined;
}

const RUNS = 400;
const anySteps = fc.array(anyStep, { minLength: 20, maxLength: 120, size: "max" });

test("owners that forget deletions end with the values of owners that never do", () => {
  let collected = 0;
  fc.assert(
    fc.property(anySteps, (steps) => {
      const model = play(steps);
      collected += model.collected;
      expect(wrongKey(model)).toBe(undefined);
    }),
    { numRuns: RUNS },
  );
  expect(collected).toBeGreaterThan(RUNS / 10);
}, 120_000);

test.each(["early", "unequal", "kept bounds"])(
  "it is seen if they forget wrongly: %s",
  (breaks) => {
    const result = fc.check(
      fc.property(anySteps, (steps) => wrongKey(play(steps, breaks)) === undefined),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  },
  120_000,
);
