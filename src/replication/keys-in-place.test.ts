/** Many keys worked on in a request do what they do one by one, or nothing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ReplicaBench, ref, textOf } from "../../test/support/replica-bench.ts";
import { utf8 } from "../base/bytes.ts";
import { EMPTY_CELL, NEVER } from "../causality/cell.ts";
import type { ManyInPlace } from "./keys-in-place.ts";

const KEY_BYTES_MAX = 64 * 1024;

/** As a decoder gives it: the arguments of one buffer. */
function request(...args: readonly string[]): ManyInPlace {
  const all = args.map(utf8);
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const arg of all) {
    starts.push(at);
    at += arg.length;
    ends.push(at);
  }
  return { bytes: Buffer.concat(all), starts, ends, argCount: args.length };
}

/** A value, one that has expired, a counter, a value with a sibling, nothing, a value too long for the fast paths. */
const KINDS = ["plain", "expired", "counter", "siblings", "absent", "long"] as const;
type Kind = (typeof KINDS)[number];

async function make(bench: ReplicaBench, name: string, kind: Kind): Promise<void> {
  const { replica, wallMs } = bench;
  if (kind === "plain") await bench.put(name, `value of ${name}`);
  if (kind === "long") await bench.put(name, "x".repeat(100_000));
  if (kind === "expired") await bench.put(name, "old", wallMs - 1);
  if (kind === "counter") {
    await bench.put(name, "7");
    const change = { kind: "increment", by: 1n } as const;
    await bench.settle(replica.update(ref(name), wallMs, () => ({ reply: undefined, change })));
  }
  if (kind === "siblings") {
    for (const text of ["one", "other"]) {
      const change = { kind: "put", value: utf8(text), expiresAtMs: NEVER, context: EMPTY_CELL } as const;
      await bench.settle(replica.update(ref(name), wallMs, () => ({ reply: undefined, change })));
    }
  }
}

async function contents(bench: ReplicaBench, names: readonly string[]): Promise<(string | undefined)[]> {
  return bench.settle(
    bench.replica.readMany(
      names.map((name) => ref(name)),
      { wallMs: bench.wallMs, touch: false },
      (views) => views.map(textOf),
    ),
  );
}

/** The last one answers again what it has answered, but not in the same way. */
const anyEngine = fc.constantFrom(
  { isResident: true, slowInTen: 0 },
  { isSteady: true, slowInTen: 0 },
  { isSteady: true, slowInTen: 2 },
);

function askUntilPossible({ replica }: ReplicaBench, asked: ManyInPlace, step?: number): void {
  while (!replica.inPlace.isPossible(0, asked, step));
}
const keys = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 8 });
const choice = fc.array(fc.nat(7), { minLength: 1, maxLength: 12 });

test("what is deleted is gone, and counts once, whatever it was", async () => {
  await fc.assert(
    fc.asyncProperty(keys, choice, anyEngine, async (kinds, chosen, engine) => {
      const bench = new ReplicaBench(engine.slowInTen, engine);
      const names = kinds.map((kind, i) => `${kind} ${i}`);
      for (const [i, kind] of kinds.entries()) await make(bench, names[i]!, kind);
      const before = await contents(bench, names);
      const deleted = new Set(chosen.filter((i) => i < names.length));
      const doomed = chosen.map((i) => names[i] ?? "none");
      const asked = request("DEL", ...doomed);
      askUntilPossible(bench, asked);
      const count = bench.replica.inPlace.remove(0, asked, bench.wallMs);
      expect(count).toBe([...deleted].filter((i) => before[i] !== undefined).length);
      expect(await contents(bench, names)).toEqual(
        before.map((text, i) => (deleted.has(i) ? undefined : text)),
      );
    }),
    { numRuns: 150 },
  );
});

test("what is put is there, the last of several values, whatever was there before", async () => {
  await fc.assert(
    fc.asyncProperty(keys, choice, anyEngine, async (kinds, chosen, engine) => {
      const bench = new ReplicaBench(engine.slowInTen, engine);
      const names = kinds.map((kind, i) => `${kind} ${i}`);
      for (const [i, kind] of kinds.entries()) await make(bench, names[i]!, kind);
      const expected = await contents(bench, names);
      const pairs = chosen.map((i, turn) => [names[i % names.length]!, `new ${turn}`]);
      chosen.forEach((i, turn) => {
        expected[i % names.length] = `new ${turn}`;
      });
      const asked = request("MSET", ...pairs.flat());
      askUntilPossible(bench, asked, 2);
      bench.replica.inPlace.put(0, asked, bench.wallMs);
      expect(await contents(bench, names)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test.each(["isResident", "isSteady"])("where there is no room for all, none is put: %s", async (what) => {
  const bench = new ReplicaBench(0, { [what]: true, memoryBytesMax: 200_000 });
  const names = Array.from({ length: 20 }, (_, i) => `key ${i}`);
  for (const name of names.slice(0, 10)) await bench.put(name, "small");
  const before = await contents(bench, names);
  const pairs = names.flatMap((name) => [name, "x".repeat(15_000)]);
  const tooMuch = [...pairs, "key 3", "again"];
  expect(() => bench.replica.inPlace.put(0, request("MSET", ...tooMuch), bench.wallMs)).toThrow(
    /memory limit/,
  );
  expect(await contents(bench, names)).toEqual(before);
  bench.replica.inPlace.put(0, request("MSET", "key 3", "fits"), bench.wallMs);
  expect(await bench.get("key 3")).toBe("fits");
});

test("a key too long keeps all others as they are", async () => {
  const bench = new ReplicaBench(0, { isResident: true });
  await bench.put("a", "1");
  const tooLong = "k".repeat(KEY_BYTES_MAX + 1);
  const { inPlace } = bench.replica;
  expect(() => inPlace.remove(0, request("DEL", "a", tooLong), bench.wallMs)).toThrow(/longer/);
  expect(() => inPlace.put(0, request("MSET", "a", "2", tooLong, "3"), bench.wallMs)).toThrow(/longer/);
  expect(await bench.get("a")).toBe("1");
});

test("it is not possible while somebody holds a key, nor where the engine may have to wait", async () => {
  const asked = request("MGET", "a", "b");
  expect(new ReplicaBench(0).replica.inPlace.isPossible(0, asked)).toBe(false);
  expect(new ReplicaBench(10, { isSteady: true }).replica.inPlace.isPossible(0, asked)).toBe(false);
  for (const engine of [{ isResident: true }, { isSteady: true }]) {
    const { replica, wallMs, runtime } = new ReplicaBench(0, engine);
    const held = replica.transact({ refs: [ref("a")], watches: [], wallMs }, () => runtime.clock.sleep(10));
    expect(held).toBeInstanceOf(Promise);
    expect(replica.inPlace.isPossible(0, asked)).toBe(false);
  }
});

test.each([
  ["plain", undefined, false],
  ["plain", 5_000, true],
  ["absent", undefined, false],
  ["expired", undefined, false],
  ["counter", undefined, undefined],
  ["siblings", 5_000, undefined],
  ["long", undefined, undefined],
] as const)(
  "the expiry of a key is taken off in place, if it has one: %s, %s ms",
  async (kind, livesMs, done) => {
    for (const engine of [{ isResident: true }, { isSteady: true }]) {
      const bench = new ReplicaBench(0, engine);
      await make(bench, "k", kind);
      const { wallMs } = bench;
      const { inPlace } = bench.replica;
      const asked = request("PERSIST", "k");
      if (livesMs !== undefined && kind === "plain") {
        expect(inPlace.isPossible(0, asked)).toBe(true);
        expect(inPlace.expire(0, asked, wallMs + livesMs, wallMs)).toBe(true);
      }
      const before = (await contents(bench, ["k"]))[0];
      expect(inPlace.isPossible(0, asked)).toBe(true);
      expect(inPlace.expire(0, asked, NEVER, wallMs)).toBe(done);
      expect((await contents(bench, ["k"]))[0]).toBe(before);
    }
  },
);

test.each([
  ["plain", true],
  ["absent", false],
  ["expired", false],
  ["counter", undefined],
  ["siblings", undefined],
] as const)("a key is put in place if it is there, or is not, as asked: %s", async (kind, isThere) => {
  for (const asked of [true, false]) {
    const bench = new ReplicaBench(0, { isSteady: true });
    await make(bench, "k", kind);
    const before = (await contents(bench, ["k"]))[0];
    const { inPlace } = bench.replica;
    const set = request("SET", "k", "new");
    expect(inPlace.isPossible(0, set, 2)).toBe(true);
    const done = inPlace.putIf(asked, 0, set, NEVER, bench.wallMs);
    expect(done).toBe(isThere === undefined ? undefined : isThere === asked);
    expect((await contents(bench, ["k"]))[0]).toBe(done === true ? "new" : before);
  }
});
