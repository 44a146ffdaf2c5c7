/**
 * Two to four replicas write one row and merge with each other at random; after every step the cell must say
 * exactly what the whole causal history says. About 150,000 states per run.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { equalBytes, toText, utf8 } from "../base/bytes.ts";
import { CausalHistories, type History } from "./cell.oracle.ts";
import { absorptionOf, type Cell, EMPTY_CELL, incrementOf, NEVER, type ValueSibling } from "./cell.ts";
import { decodeCell, encodeCell } from "./cell-codec.ts";
import { merge } from "./cell-merge.ts";
import { liveAt, resolve } from "./cell-value.ts";
import {
  changeExpiry,
  increment,
  overwrite,
  putWithContext,
  remove,
  removeWithContext,
} from "./cell-write.ts";
import { decodeContextToken, encodeContextToken } from "./context-token.ts";
import type { Dot } from "./dot.ts";
import { cellExpiresAtMs, hasLiveContent, mergeCells } from "./encoded-cell.ts";
import { HybridClock } from "./hybrid-clock.ts";
import { descends } from "./version-vector.ts";

interface Replica {
  actor: bigint;
  readonly clock: HybridClock;
  bytes: Uint8Array;
  history: History;
}

interface Step {
  readonly replica: number;
  readonly operation: (typeof OPERATIONS)[number];
  /** Chooses payloads, deltas, expiries and the other replica. */
  readonly choice: number;
  readonly elapsedMs: number;
}

const OPERATIONS = [
  ...["overwrite", "put", "read", "remove", "removeWithContext", "changeExpiry", "wipe"],
  ...["increment", "increment", "increment", "increment", "increment", "merge", "merge", "merge", "merge"],
] as const;
const TEXTS = ["0", "5", "-3", "text", "007", ""];

const anyStep: fc.Arbitrary<Step> = fc
  .tuple(fc.nat(3), fc.nat(OPERATIONS.length - 1), fc.nat(2 ** 16), fc.constantFrom(0, 0, 0, 1, 5))
  .map(([replica, index, choice, elapsedMs]) => ({
    replica,
    operation: OPERATIONS[index]!,
    choice,
    elapsedMs,
  }));

const anyRun = fc.tuple(
  fc.integer({ min: 2, max: 4 }),
  fc.array(anyStep, { minLength: 10, maxLength: 60, size: "max" }),
);

/** One row on several replicas, each beside its causal history. */
class Cluster {
  readonly replicas: Replica[];
  readonly states: Cell[] = [EMPTY_CELL];
  readonly #histories = new CausalHistories();
  /** What clients have read: a token, and the history behind it. */
  readonly #reads: { token: string; history: History }[] = [
    { token: encodeContextToken(undefined), history: 0n },
  ];
  #wallMs = 1000;
  #counter = 0;

  constructor(replicaCount: number) {
    this.replicas = Array.from({ length: replicaCount }, (_, i) => ({
      actor: BigInt(replicaCount - i) << 56n,
      clock: new HybridClock(),
      bytes: encodeCell(EMPTY_CELL),
      history: 0n,
    }));
  }

  run(step: Step): void {
    this.#wallMs += step.elapsedMs;
    const replica = this.replicas[step.replica % this.replicas.length]!;
    const before = decodeCell(replica.bytes);
    if (step.operation === "merge")
      this.exchange(replica, this.replicas[step.choice % this.replicas.length]!);
    else this.#write(replica, before, step);
    const after = decodeCell(replica.bytes);
    this.#check(replica, after);
    if (step.operation !== "wipe" && !descends(after.context, before.context))
      throw new Error("the context went back");
    this.states.push(after);
  }

  exchange(to: Replica, from: Replica): void {
    const merged = merge(decodeCell(to.bytes), decodeCell(from.bytes));
    const bytes = mergeCells(to.bytes, from.bytes);
    if (!equalBytes(bytes, encodeCell(merged))) throw new Error("mergeCells is not merge");
    to.bytes = bytes;
    to.history |= from.history;
  }

  #write(replica: Replica, cell: Cell, { operation, choice }: Step): void {
    const histories = this.#histories;
    const { history } = replica;
    const wallMs = this.#wallMs;
    const read = this.#reads[choice % this.#reads.length]!;
    const value = this.#value(replica, choice);
    const oracleValue = { ...value, text: toText(value.payload) };
    const become = (next: Cell, known: History): void => {
      replica.bytes = encodeCell(next);
      replica.history = known;
    };
    if (operation === "read") {
      this.#reads.push({ token: encodeContextToken(cell), history });
    } else if (operation === "wipe" && choice % 4 === 0) {
      replica.actor++; // a lost directory mints a new actor
      become(EMPTY_CELL, 0n);
    } else if (operation === "overwrite") {
      become(overwrite(cell, value), histories.overwrite(history, oracleValue));
    } else if (operation === "put") {
      const seen = decodeContextToken(read.token);
      become(putWithContext(cell, seen, value), histories.putWithContext(history, read.history, oracleValue));
    } else if (operation === "remove") {
      become(remove(cell), histories.remove(history, history));
    } else if (operation === "removeWithContext") {
      const seen = decodeContextToken(read.token);
      become(removeWithContext(cell, seen), histories.remove(history, read.history));
    } else if (operation === "increment") {
      const delta = BigInt((choice % 11) - 4);
      const next = increment(liveAt(cell, wallMs), value.dot, delta);
      become(next, histories.increment(history, value.dot, delta, wallMs));
    } else if (operation === "changeExpiry" && resolve(cell, wallMs) !== undefined) {
      const next = changeExpiry(liveAt(cell, wallMs), value, value.expiresAtMs);
      become(next, histories.changeExpiry(history, value, value.expiresAtMs, wallMs));
    }
  }

  #value({ actor, clock }: Replica, choice: number): ValueSibling {
    clock.tick(this.#wallMs - (choice % 3));
    const hlc = { wallMs: clock.wallMs, logical: clock.logical };
    const expiresAtMs = choice % 2 === 0 ? NEVER : this.#wallMs + 1 + (choice % 12);
    const payload = utf8(TEXTS[choice % TEXTS.length]!);
    this.#counter += 1 + (choice % 2);
    return { kind: "value", dot: { actor, counter: this.#counter }, hlc, expiresAtMs, payload };
  }

  #check({ bytes, history }: Replica, cell: Cell): void {
    const histories = this.#histories;
    const dots = cell.siblings.filter((sibling) => sibling.kind === "value").map((sibling) => sibling.dot);
    same("values", dotText(dots), dotText(histories.valueDots(history)));
    same("increments", sumText(sumsOf(cell)), sumText(histories.sums(history)));
    same("context", dotText(cell.context), dotText(histories.context(history)));
    for (const wallMs of [this.#wallMs, this.#wallMs + 3, this.#wallMs + 20]) {
      const resolved = resolve(cell, wallMs);
      const text = resolved && `${toText(resolved.payload)} until ${resolved.expiresAtMs}`;
      const expected = histories.resolve(history, wallMs);
      same("resolve", text, expected && `${expected.text} until ${expected.expiresAtMs}`);
      const range = { bytes, start: 0, end: bytes.length };
      same("hasLiveContent", `${hasLiveContent(range, wallMs)}`, `${expected !== undefined}`);
      const expiresAtMs = cellExpiresAtMs(range);
      const isGone = expiresAtMs !== NEVER && expiresAtMs <= wallMs;
      same("cellExpiresAtMs", `${isGone}`, `${expected === undefined && cell.siblings.length > 0}`);
    }
  }
}

function sumsOf({ siblings, absorbed }: Cell): { dot: Dot; sum: bigint }[] {
  return siblings.flatMap((sibling) => {
    if (sibling.kind !== "increment") return [];
    const gone = absorptionOf(absorbed, sibling.dot.actor)?.total ?? 0n;
    return [{ dot: sibling.dot, sum: sibling.total - gone }];
  });
}

function dotText(dots: readonly Dot[]): string {
  return dots.map(({ actor, counter }) => `${actor.toString(16)}:${counter}`).join(" ");
}

function sumText(sums: readonly { dot: Dot; sum: bigint }[]): string {
  return sums.map(({ dot, sum }) => `${dotText([dot])}=${sum}`).join(" ");
}

/** Much faster than `expect`, which a hundred thousand states could not afford. */
function same(what: string, actual: string | undefined, expected: string | undefined): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, but the history says ${expected}`);
}

function sameCell(what: string, a: Cell, b: Cell): void {
  if (!equalBytes(encodeCell(a), encodeCell(b))) throw new Error(`merge is not ${what}`);
}

test("every state of a replica is what its causal history says, and replicas converge", () => {
  let stateCount = 0;
  let partlyAbsorbedCount = 0;
  fc.assert(
    fc.property(anyRun, ([replicaCount, steps]) => {
      const cluster = new Cluster(replicaCount);
      for (const step of steps) cluster.run(step);
      stateCount += cluster.states.length;
      partlyAbsorbedCount += cluster.states.filter(isPartlyAbsorbed).length;
      const { replicas } = cluster;
      // In opposite orders, so that nobody merges as another does.
      for (const from of replicas) cluster.exchange(replicas[0]!, from);
      for (const to of replicas) for (const from of [...replicas].reverse()) cluster.exchange(to, from);
      for (const { bytes } of replicas)
        if (!equalBytes(bytes, replicas[0]!.bytes)) throw new Error("no convergence");
    }),
    { numRuns: 4000 },
  );
  expect(stateCount).toBeGreaterThan(100_000);
  expect(partlyAbsorbedCount).toBeGreaterThan(2000);
}, 120_000);

/** True if a write has seen a part of a run that went on: the case that needs absorptions. */
function isPartlyAbsorbed({ siblings, absorbed }: Cell): boolean {
  return absorbed.some(({ actor }) => incrementOf(siblings, actor) !== undefined);
}

test("merge is commutative, associative and idempotent on states of one row", () => {
  fc.assert(
    fc.property(
      anyRun,
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat())),
      ([replicaCount, steps], triples) => {
        const cluster = new Cluster(replicaCount);
        for (const step of steps) cluster.run(step);
        const { states } = cluster;
        for (const [i, j, k] of triples) {
          const a = states[i % states.length]!;
          const b = states[j % states.length]!;
          const c = states[k % states.length]!;
          sameCell("commutative", merge(a, b), merge(b, a));
          sameCell("associative", merge(merge(a, b), c), merge(a, merge(b, c)));
          sameCell("idempotent", merge(merge(a, b), b), merge(a, b));
          sameCell("idempotent", merge(a, { ...a }), a);
          sameCell("neutral to nothing", merge(a, EMPTY_CELL), a);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("with nothing but INCRs and merges, the total is the number of INCRs", () => {
  const anyIncrements = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.boolean()), { maxLength: 80 });
  fc.assert(
    fc.property(anyIncrements, (steps) => {
      const cells: Cell[] = [EMPTY_CELL, EMPTY_CELL, EMPTY_CELL, EMPTY_CELL];
      let counter = 0;
      for (const [to, from, isIncrement] of steps) {
        const cell = cells[to]!;
        cells[to] = isIncrement
          ? increment(cell, { actor: BigInt(to), counter: ++counter }, 1n)
          : merge(cell, cells[from]!);
      }
      const resolved = resolve(cells.reduce(merge), 0);
      same("total", resolved ? toText(resolved.payload) : "0", `${counter}`);
    }),
    { numRuns: 2000 },
  );
});
