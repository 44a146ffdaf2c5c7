import fc from "fast-check";
import { expect, test } from "vitest";
import { SimFile } from "./sim-file.ts";
import { SimRandom } from "./sim-random.ts";

type Step = { append: number } | { overwrite: number; length: number } | { truncate: number } | "sync";

const part = fc.double({ min: 0, max: 1, noNaN: true });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.nat(1_500) }) },
  { weight: 2, arbitrary: fc.record({ overwrite: part, length: fc.nat(1_500) }) },
  { weight: 2, arbitrary: fc.record({ truncate: part }) },
  { weight: 1, arbitrary: fc.constant("sync" as const) },
);

/** What the file holds after each change since the last sync, the durable state first. */
function play(file: SimFile, steps: readonly Step[]): Uint8Array[] {
  let states: Uint8Array[] = [new Uint8Array(0)];
  steps.forEach((step, i) => {
    if (step === "sync") {
      file.syncUpTo(file.sequence);
      states = states.slice(-1);
      return;
    }
    const before = states.at(-1)!;
    if ("append" in step) {
      const bytes = new Uint8Array(step.append).fill(i + 1);
      file.append(bytes);
      states.push(Buffer.concat([before, bytes]));
    } else if ("overwrite" in step) {
      const at = Math.floor(step.overwrite * before.length);
      const bytes = new Uint8Array(step.length).fill(i + 1);
      file.writeAt(at, bytes);
      const after = Buffer.concat([before.subarray(0, at), bytes, before.subarray(at + step.length)]);
      states.push(after.subarray(0, before.length), after);
    } else {
      const length = Math.floor(step.truncate * before.length);
      file.truncate(length);
      states.push(before.slice(0, length));
    }
  });
  return states;
}

/** True if `bytes` is one of the states, or one with a part of the append or overwrite that led to the next. */
function isReachable(bytes: Uint8Array, states: readonly Uint8Array[]): boolean {
  return states.some((state, i) => {
    const next = states[i + 1] ?? state;
    if (next.length < state.length) return Buffer.compare(bytes, state) === 0;
    if (bytes.length < state.length || bytes.length > next.length) return false;
    let kept = 0;
    while (kept < bytes.length && bytes[kept] === next[kept]) kept++;
    return Buffer.compare(bytes.subarray(kept), state.subarray(kept)) === 0;
  });
}

test("a crash leaves a state since the last sync, maybe a torn write; a second changes nothing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.string(), (steps, seed) => {
      const file = new SimFile();
      const states = play(file, steps);
      expect(Buffer.compare(file.read(0, 1e9), states.at(-1)!)).toBe(0);
      const random = new SimRandom(seed);
      file.crash(random, { holes: false });
      const survived = file.read(0, 1e9);
      expect(survived.length).toBe(file.length);
      expect(isReachable(survived, states)).toBe(true);
      file.crash(random, { holes: true });
      expect(Buffer.compare(file.read(0, 1e9), survived)).toBe(0);
    }),
  );
});

test("holes are zeros, and only in what was not synced or was cut off since", () => {
  const holesIn = { torn: 0, whole: 0 };
  fc.assert(
    fc.property(fc.nat(3_000), fc.nat(3_000), fc.nat(5_000), fc.string(), (kept, cut, unsynced, seed) => {
      const file = new SimFile();
      file.append(new Uint8Array(kept + cut).fill(1));
      file.syncUpTo(file.sequence);
      file.truncate(kept);
      file.append(new Uint8Array(unsynced).fill(2));
      file.crash(new SimRandom(seed), { holes: true });
      const bytes = file.read(0, 1e9);
      expect(bytes.subarray(0, kept).every((byte) => byte === 1)).toBe(true);
      if (bytes.includes(0)) holesIn[file.length === kept + unsynced ? "whole" : "torn"]++;
    }),
    { numRuns: 300 },
  );
  expect(holesIn.torn).toBeGreaterThan(5);
  expect(holesIn.whole).toBeGreaterThan(5);
});

test("holes in what was written over zeros are zeros, and nowhere else", () => {
  let holes = 0;
  for (let seed = 0; seed < 100; seed++) {
    const file = new SimFile();
    file.append(new Uint8Array(5_000));
    file.writeAt(0, new Uint8Array(700).fill(1));
    file.syncUpTo(file.sequence);
    file.writeAt(700, new Uint8Array(2_000).fill(2));
    file.crash(new SimRandom(String(seed)), { holes: true });
    const bytes = file.read(0, 5_000);
    expect(bytes.length).toBe(5_000);
    expect(bytes.subarray(0, 700).every((byte) => byte === 1)).toBe(true);
    expect(bytes.subarray(2_700).every((byte) => byte === 0)).toBe(true);
    const written = bytes.subarray(700, 2_700);
    expect(written.every((byte) => byte === 0 || byte === 2)).toBe(true);
    if (written.lastIndexOf(2) > written.indexOf(0) && written.includes(0)) holes++;
  }
  expect(holes).toBeGreaterThan(5);
});

test("over many crashes everything, nothing and something in between survives", () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const file = new SimFile();
    for (let i = 0; i < 5; i++) file.append(new Uint8Array(10));
    file.crash(new SimRandom(String(seed)), { holes: false });
    outcomes.add(
      file.length === 0 ? "nothing" : file.length === 50 ? "all" : file.length % 10 ? "torn" : "some",
    );
  }
  expect([...outcomes].sort()).toEqual(["all", "nothing", "some", "torn"]);
});

test("a sync covers the changes up to its number, not later ones", () => {
  for (let seed = 0; seed < 50; seed++) {
    const file = new SimFile();
    file.append(Uint8Array.of(1));
    const { sequence } = file;
    file.append(Uint8Array.of(2));
    file.syncUpTo(sequence);
    file.crash(new SimRandom(String(seed)), { holes: false });
    expect(file.read(0, 1)).toEqual(Uint8Array.of(1));
    if (file.length === 1) return;
  }
  expect.unreachable("the later append survived every time");
});
