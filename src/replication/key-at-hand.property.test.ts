/** The short ways beside the long one: the same writes give the same replies and the same cells, byte for byte. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AsyncEngine } from "../../test/support/async-engine.ts";
import { ref } from "../../test/support/replica-bench.ts";
import { type ByteRange, utf8 } from "../base/bytes.ts";
import { type Cell, EMPTY_CELL, NEVER } from "../causality/cell.ts";
import { encodeCell } from "../causality/cell-codec.ts";
import { anyCell } from "../causality/cell-samples.oracle.ts";
import { seenContext } from "../causality/cell-write.ts";
import { soleReplicaRules } from "../node/cell-rules.ts";
import { DatabaseMap } from "../node/database-map.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { HIT, MISS } from "./key-at-hand.ts";
import { LocalReplica } from "./local-replica.ts";
import { NewLife, Stamper } from "./stamper.ts";
import type { Change, Effect, KeyView, ManyEffect, RequestInPlace } from "./step.ts";

const HASH_SEED = 1;
const KEYS = ["a", "b", "c"] as const;

/** A replica on an engine that answers at once, and rewrites in place or not, or that answers later. */
class Way {
  readonly world = new SimWorld("ways");
  readonly engine: StorageEngine;
  readonly replica: LocalReplica;
  wallMs: number;

  constructor(kind: "in place" | "at once" | "later", counter: number) {
    const { clock, random } = this.world.runtime("a");
    this.wallMs = clock.wallMs();
    const limits = { memoryBytesMax: 0, evictionPolicy: "noeviction", evictionSamples: 5 } as const;
    // What is deleted or has expired stays, to be compared.
    const rules = { ...soleReplicaRules, isCollectible: () => false };
    const memory = new MemoryEngine({ rules, random, clock, ...limits });
    const slowness = { clock, random, slowInTen: kind === "later" ? 10 : 0 };
    this.engine = kind === "in place" ? memory : new AsyncEngine(memory, slowness);
    const stamper = new Stamper(new NewLife({ bytes: () => Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) }));
    for (let i = 0; i < counter; i++) stamper.stamp(this.wallMs);
    this.replica = new LocalReplica(this.engine, stamper, new DatabaseMap(), {
      siblingsMax: 10,
      hashSeed: HASH_SEED,
    });
  }

  async settle<T>(answer: T | Promise<T>): Promise<T> {
    return answer instanceof Promise ? this.world.scheduler.runUntilSettled(answer) : answer;
  }

  async cells(): Promise<string[]> {
    const cells: string[] = [];
    for (const name of KEYS) {
      const range: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
      const key = new RowKey(HASH_SEED);
      key.encode(0, utf8(name), 0, name.length);
      const isThere = await this.settle(this.engine.get(key, range, false));
      cells.push(
        isThere ? Buffer.from(range.bytes.subarray(range.start, range.end)).toString("hex") : "none",
      );
    }
    return cells;
  }
}

type Deed = (way: Way) => unknown;

const anyName = fc.constantFrom(...KEYS);
const anyValue = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map((number) => utf8(`${number}`)),
  fc.constantFrom(...["007", "-0", "9007199254740993", "9223372036854775807", "x".repeat(300)].map(utf8)),
  fc.uint8Array({ maxLength: 40 }),
);
const anyMs = fc.constantFrom(NEVER, 1, 5, 1_000_000);

/** As one of two other actors would have written it. */
const anyForeignValue: fc.Arbitrary<Cell> = fc
  .tuple(fc.constantFrom(1n, 2n ** 63n), fc.integer({ min: 1, max: 300 }), anyValue)
  .map(([actor, counter, payload]) => {
    const dot = { actor, counter };
    const hlc = { wallMs: counter, logical: 3 };
    return {
      context: [dot],
      siblings: [{ kind: "value", dot, hlc, expiresAtMs: NEVER, payload }],
      absorbed: [],
    };
  });

/** Of the writes before: at some of them, numbers become longer. */
const anyCounter = fc.constantFrom(0, 110, 16_370);

const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  fc.tuple(anyName, anyValue, anyMs).map(([name, value, ms]) => putFast(name, value, ms)),
  fc.tuple(anyName, anyValue, anyMs).map(([name, value, ms]) =>
    update(name, ({ value: old }, wallMs) => ({
      reply: shown(old),
      change: { kind: "put", value, expiresAtMs: ms === NEVER ? NEVER : wallMs + ms },
    })),
  ),
  fc.tuple(anyName, anyValue).map(([name, value]) =>
    update(name, () => ({
      reply: "conflict",
      change: { kind: "put", value, expiresAtMs: NEVER, context: seenContext(EMPTY_CELL) },
      replyAfter: (stored) => `${stored.siblings.length} siblings`,
    })),
  ),
  anyName.map((name) => update(name, () => ({ reply: "deleted", change: { kind: "delete" } }))),
  fc.tuple(anyName, anyMs).map(([name, ms]) => update(name, (view, wallMs) => expire(view, ms, wallMs))),
  fc
    .tuple(anyName, fc.constantFrom(1n, -1n, 300n, -(2n ** 40n), 2n ** 60n))
    .map(([name, by]) =>
      update(name, ({ value }) => ({ reply: shown(value), change: { kind: "increment", by } })),
    ),
  fc.tuple(anyName, fc.constantFrom(1, -1, 300, 2 ** 40)).map(([name, by]) => countFast(name, by)),
  fc
    .tuple(anyName, fc.nat({ max: 400 }), anyValue)
    .map(([name, at, value]) =>
      update(name, ({ value: old }) => ({ reply: shown(old), change: { kind: "patch", value, at } })),
    ),
  fc.tuple(anyName, anyName, anyValue).map(([a, b, value]) =>
    updateMany([a, b], (views) => ({
      reply: views.map(({ value: old }) => shown(old)),
      changes: [
        { kind: "put", value, expiresAtMs: NEVER },
        { kind: "put", value: utf8("2"), expiresAtMs: NEVER },
      ],
    })),
  ),
  fc.tuple(anyName, anyName).map(([a, b]) =>
    updateMany([a, b], (views) => ({
      reply: views.length,
      changes: [{ kind: "delete" }, { kind: "put", value: views[0]!.value ?? utf8("-"), expiresAtMs: NEVER }],
    })),
  ),
  fc
    .tuple(anyName, fc.oneof(anyCell, anyForeignValue))
    .map(([name, cell]) => mergeIn(name, encodeCell(cell))),
  anyName.map((name) => peekFast(name)),
  fc.tuple(anyName, anyName).map(([a, b]) => readMany([a, b])),
  fc.nat({ max: 10 }).map((ms) => (way: Way) => {
    way.wallMs += ms;
  }),
);

function shown(value: Uint8Array | undefined): string {
  return value === undefined ? "none" : Buffer.from(value).toString("latin1");
}

function putFast(name: string, value: Uint8Array, ms: number): Deed {
  const bytes = Buffer.concat([utf8(`SET${name}`), value]);
  const request = { bytes, starts: [0, 3, 4], ends: [3, 4, bytes.length] };
  const change = (wallMs: number): Change => {
    return { kind: "put", value, expiresAtMs: ms === NEVER ? NEVER : wallMs + ms };
  };
  return async (way) => {
    const { replica, wallMs } = way;
    const expiresAtMs = ms === NEVER ? NEVER : wallMs + ms;
    const isDone = await way.settle(replica.overwrite(0, request, 2, expiresAtMs, wallMs));
    if (!isDone) await update(name, () => ({ reply: 0, change: change(wallMs) }))(way);
  };
}

function countFast(name: string, by: number): Deed {
  return async (way) => {
    const { replica, wallMs } = way;
    const sum = ({ value }: KeyView): Effect<number> => ({
      reply: Number(shown(value ?? utf8("0"))) + by,
      change: { kind: "increment", by: BigInt(by) },
    });
    const total = await way.settle(replica.count(0, requestFor(name), 1, by, wallMs));
    return Number.isNaN(total) ? way.settle(replica.update(ref(name), wallMs, sum)) : total;
  };
}

/** Of a command whose name is of no interest here. */
function requestFor(name: string): RequestInPlace {
  const bytes = utf8(name);
  return { bytes, words: new DataView(bytes.buffer), starts: [0, 0], ends: [0, bytes.length] };
}

function peekFast(name: string): Deed {
  return async (way) => {
    const { replica, wallMs } = way;
    const peeked = replica.peek(0, requestFor(name), 1, wallMs);
    if (peeked === MISS) return "none";
    if (peeked === HIT) {
      const { bytes, start, end } = replica.value;
      return shown(bytes.subarray(start, end));
    }
    if (peeked instanceof Promise) return shown(await way.settle(peeked));
    return way.settle(replica.read(ref(name), { wallMs, touch: true }, ({ value }) => shown(value)));
  };
}

function expire({ value, expiresAtMs }: KeyView, ms: number, wallMs: number): Effect<unknown> {
  if (value === undefined) return { reply: "none" };
  const change = { kind: "expire", expiresAtMs: ms === NEVER ? NEVER : wallMs + ms } as const;
  return { reply: [expiresAtMs, value.slice()], change };
}

function update(name: string, step: (view: KeyView, wallMs: number) => Effect<unknown>): Deed {
  return (way) => way.settle(way.replica.update(ref(name), way.wallMs, (view) => step(view, way.wallMs)));
}

function updateMany(
  names: readonly string[],
  step: (views: readonly KeyView[]) => ManyEffect<unknown>,
): Deed {
  return (way) =>
    way.settle(
      way.replica.updateMany(
        names.map((name) => ref(name)),
        way.wallMs,
        step,
      ),
    );
}

function readMany(names: readonly string[]): Deed {
  const see = ({ value, expiresAtMs, cell }: KeyView): unknown[] => {
    const bytes = cell === undefined ? "none" : Buffer.from(encodeCell(cell)).toString("hex");
    return [shown(value), expiresAtMs, bytes];
  };
  return (way) => {
    const { replica, wallMs } = way;
    const refs = names.map((name) => ref(name));
    return way.settle(replica.readMany(refs, { wallMs, touch: true }, (views) => views.map(see)));
  };
}

function mergeIn(name: string, cell: Uint8Array): Deed {
  return async (way) => {
    const key = new RowKey(HASH_SEED);
    key.encode(0, utf8(name), 0, name.length);
    await way.settle(way.engine.merge(key, { bytes: cell, start: 0, end: cell.length }));
  };
}

/** A reply, or what was thrown. */
async function outcomeOf(deed: Deed, way: Way): Promise<unknown> {
  try {
    return await deed(way);
  } catch (cause) {
    return String(cause);
  }
}

test("replies and cells are those of the long way, whatever the engine", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyCounter,
      fc.array(anyDeed, { minLength: 1, maxLength: 40 }),
      async (counter, deeds) => {
        const ways = (["later", "at once", "in place"] as const).map((kind) => new Way(kind, counter));
        for (const deed of deeds) {
          const [expected, ...others] = await outcomes(deed, ways);
          for (const other of others) expect(other).toEqual(expected);
        }
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

function outcomes(deed: Deed, ways: readonly Way[]): Promise<unknown[]> {
  return Promise.all(ways.map(async (way) => [await outcomeOf(deed, way), await way.cells()]));
}
