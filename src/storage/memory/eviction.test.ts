/** Which rows go when memory is short. Chance is seeded: a ratio that holds once holds always. */
import { expect, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { EVICTION_POLICIES, type EvictionPolicy } from "../../base/eviction-policy.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { createEngine, type TestEngine } from "./memory-engine.contract.ts";
import type { DropReason, MemoryEngine } from "./memory-engine.ts";

const MIB = 2 ** 20;
const into: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

function has(engine: MemoryEngine, key: string): boolean {
  return engine.get(simpleKey(key), into, false);
}

function keysWith(engine: MemoryEngine, prefix: string, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) if (has(engine, `${prefix}${i}`)) found++;
  return found;
}

/** 2,000 rows "old", then 2,000 rows "new", of 1 KiB each, in about 4.3 MiB; rows of one name expire if asked. */
function filled(
  policy: EvictionPolicy,
  { expiring = "old new", betweenMs = 60_000 }: { expiring?: string; betweenMs?: number } = {},
): TestEngine {
  const test = createEngine({ evictionPolicy: policy });
  for (const name of ["old", "new"]) {
    for (let i = 0; i < 2000; i++) {
      const expiresAtMs = expiring.includes(name) ? test.wall.nowMs + 10_000_000 + i : 0;
      test.engine.put(simpleKey(`${name} ${i}`), simpleCell("x".repeat(1024), expiresAtMs));
    }
    test.monotonic.nowMs += betweenMs;
    test.engine.maintain();
  }
  return test;
}

/** Leaves room for this part of the rows. */
function cut({ engine }: TestEngine, part: number): void {
  engine.setLimits({ memoryBytesMax: engine.statistics.liveBytes * part });
  expect(engine.makeRoom()).toBe(true);
}

test("noeviction refuses what needs room, before anything has changed, and lets the rest pass", () => {
  const { engine, wall } = createEngine({ memoryBytesMax: MIB });
  let stored = 0;
  const fill = (): void => {
    for (; stored < 10_000; stored++) engine.put(simpleKey(`key ${stored}`), simpleCell("x".repeat(1000)));
  };
  expect(fill).toThrow(
    expect.objectContaining({ code: "OUT_OF_MEMORY", outcome: "not-applied" }) as StoreError,
  );
  expect(stored).toBeGreaterThan(900);
  expect(engine.statistics.liveBytes).toBeLessThanOrEqual(MIB);
  expect(engine.counts(0).rows).toBe(stored);
  expect(has(engine, `key ${stored}`)).toBe(false);
  expect(() => engine.put(simpleKey("key 1"), simpleCell("x".repeat(5000)))).toThrow(StoreError);
  expect(engine.get(simpleKey("key 1"), into)).toBe(true);
  expect(into.end - into.start).toBe(1008);
  engine.put(simpleKey("key 1"), simpleCell("y".repeat(1000)));
  engine.put(simpleKey("key 2"), simpleCell("shorter"));
  engine.put(simpleKey("key 3"), simpleCell("", wall.nowMs)); // goes
  expect(engine.counts(0).rows).toBe(stored - 1);
  expect(engine.statistics.evictedRows).toBe(0);
});

test("a write that insists is made where there is no room", () => {
  const { engine } = createEngine({ memoryBytesMax: MIB });
  const put = (key: string, insists: boolean): void =>
    engine.put(simpleKey(key), simpleCell("x".repeat(1000)), undefined, insists);
  expect(() => {
    for (let i = 0; ; i++) put(`key ${i}`, false);
  }).toThrow(StoreError);
  put("one more", true);
  expect(has(engine, "one more")).toBe(true);
  expect(() => put("another", false)).toThrow(StoreError);
});

test.each(EVICTION_POLICIES.filter((policy) => policy !== "noeviction"))(
  "%s keeps within the limit",
  (policy) => {
    const limitBytes = 12 * MIB;
    const { engine, wall } = createEngine({ memoryBytesMax: limitBytes, evictionPolicy: policy });
    const most = { live: 0, held: 0 };
    for (let i = 0; i < 20_000; i++) {
      const length = 100 + ((i * 37) % 2000);
      engine.put(simpleKey(`key ${i}`), simpleCell("x".repeat(length), wall.nowMs + 1_000_000));
      most.live = Math.max(most.live, engine.statistics.liveBytes);
      most.held = Math.max(most.held, engine.statistics.memoryBytes);
    }
    expect(most.live).toBeLessThan(limitBytes + 64 * 1024); // the index grows in steps
    expect(most.held).toBeLessThan(limitBytes * 1.13 + 2 * MIB);
    expect(engine.statistics.evictedRows).toBe(20_000 - engine.counts(0).rows);
    expect(engine.counts(0).expiring).toBe(engine.counts(0).rows);
    expect(has(engine, "key 19999")).toBe(true);
  },
);

test("a value that could never fit costs no other row its place", () => {
  const { engine } = createEngine({ memoryBytesMax: MIB, evictionPolicy: "allkeys-lru" });
  for (let i = 0; i < 100; i++) engine.put(simpleKey(`key ${i}`), simpleCell("value"));
  expect(() => engine.put(simpleKey("big"), simpleCell(new Uint8Array(2 * MIB)))).toThrow(StoreError);
  expect(engine.counts(0).rows).toBe(100);
});

test("a limit that is lowered by much is kept after a while, and no write waits for that", () => {
  const test = filled("allkeys-lru");
  test.engine.setLimits({ memoryBytesMax: MIB });
  const evictedBy = (work: () => void): number => {
    const before = test.engine.statistics.evictedRows;
    work();
    return test.engine.statistics.evictedRows - before;
  };
  const evicted = evictedBy(() => test.engine.put(simpleKey("one more"), simpleCell("value")));
  expect(evicted).toBeGreaterThan(10);
  expect(evicted).toBeLessThan(300);
  expect(has(test.engine, "one more")).toBe(true);
  expect(evictedBy(() => test.engine.maintain())).toBeGreaterThan(10);
  while (test.engine.maintain());
  expect(test.engine.statistics.liveBytes).toBeLessThanOrEqual(MIB);
});

test("a cell just read may be put under another key, even if its own row has to go for that", () => {
  const { engine } = createEngine({ evictionPolicy: "allkeys-lru" });
  const value = Array.from({ length: 1000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
  engine.put(simpleKey("k".repeat(200)), simpleCell(value));
  engine.setLimits({ memoryBytesMax: engine.statistics.liveBytes });
  expect(engine.get(simpleKey("k".repeat(200)), into)).toBe(true);
  engine.put(simpleKey("copy"), into);
  expect(engine.statistics.evictedRows).toBe(1);
  expect(engine.get(simpleKey("copy"), into)).toBe(true);
  expect(Buffer.from(into.bytes.subarray(into.start + 8, into.end)).toString()).toBe(value);
});

test("large values come and go within the limit, and their memory with them", () => {
  const { engine } = createEngine({ memoryBytesMax: 40 * MIB, evictionPolicy: "allkeys-lru" });
  for (let i = 0; i < 200; i++) {
    engine.put(simpleKey(`key ${i}`), simpleCell(new Uint8Array(100_000 + ((i * 7919) % 2_000_000)).fill(i)));
    engine.maintain();
  }
  expect(engine.statistics.liveBytes).toBeLessThanOrEqual(40 * MIB);
  expect(engine.statistics.memoryBytes).toBeLessThan(40 * MIB * 1.13 + 48 * MIB);
  expect(engine.get(simpleKey("key 199"), into)).toBe(true);
  expect(into.bytes[into.end - 1]).toBe(199);
});

test("allkeys-lru: rows not used for long go first", () => {
  const test = filled("allkeys-lru");
  cut(test, 0.5);
  expect(keysWith(test.engine, "old ", 2000)).toBeLessThan(300);
  expect(keysWith(test.engine, "new ", 2000)).toBeGreaterThan(1700);
});

test("allkeys-lru: a read makes a row recent, unless it was asked not to", () => {
  const test = filled("allkeys-lru");
  for (let i = 0; i < 1000; i++) test.engine.get(simpleKey(`old ${i}`), into);
  for (let i = 1000; i < 2000; i++) test.engine.get(simpleKey(`old ${i}`), into, false);
  cut(test, 0.5);
  expect(keysWith(test.engine, "old ", 1000)).toBeGreaterThan(950);
  expect(keysWith(test.engine, "old ", 2000) - keysWith(test.engine, "old ", 1000)).toBeLessThan(100);
});

test("allkeys-lru: a row used since it became a candidate stays", () => {
  const { engine, monotonic } = createEngine({ evictionPolicy: "allkeys-lru" });
  for (let i = 0; i < 1000; i++) engine.put(simpleKey(`${i}`), simpleCell("value"));
  let justUsedParity = 0;
  let wrong = 0;
  engine.onDropped = ({ bytes, end }) => {
    if (bytes[end - 1]! % 2 === justUsedParity) wrong++;
  };
  engine.setLimits({ memoryBytesMax: 1 });
  for (let round = 0; round < 30; round++) {
    justUsedParity = round % 2;
    monotonic.nowMs += 60_000;
    engine.usage(simpleKey("0")); // reads the clock
    for (let i = justUsedParity; i < 1000; i += 2) engine.get(simpleKey(`${i}`), into);
    engine.makeRoom(3);
  }
  expect(engine.statistics.evictedRows).toBe(90);
  expect(wrong).toBeLessThan(5);
});

test("allkeys-lru: more samples choose better", () => {
  const survivors = [1, 3, 10].map((evictionSamples) => {
    const test = filled("allkeys-lru", { betweenMs: 300 });
    test.engine.setLimits({ evictionSamples });
    cut(test, 0.5);
    return keysWith(test.engine, "old ", 2000);
  });
  expect(survivors[0]).toBeGreaterThan(survivors[1]!);
  expect(survivors[1]).toBeGreaterThan(survivors[2]!);
});

test("allkeys-lfu: rows used often stay, however long ago they came", () => {
  const test = filled("allkeys-lfu", { betweenMs: 100 });
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 2000; i += 2) test.engine.get(simpleKey(`old ${i}`), into);
  }
  cut(test, 0.5);
  let often = 0;
  for (let i = 0; i < 2000; i += 2) if (has(test.engine, `old ${i}`)) often++;
  expect(often).toBeGreaterThan(990);
});

test("allkeys-lfu: use that is long past counts for less and less", () => {
  const test = createEngine({ evictionPolicy: "allkeys-lfu" });
  const key = simpleKey("key");
  test.engine.put(key, simpleCell("value"));
  for (let i = 0; i < 10_000; i++) test.engine.get(key, into);
  const { frequency } = test.engine.usage(key)!;
  expect(frequency).toBeGreaterThan(30);
  expect(frequency).toBeLessThan(70); // Redis documents about 50 for 10,000 hits at this factor, from its own tests
  test.monotonic.nowMs += 10 * 60_000;
  expect(test.engine.usage(key)!.frequency).toBe(frequency - 10);
  test.engine.setLimits({ lfuDecayMinutes: 5 });
  expect(test.engine.usage(key)!.frequency).toBe(frequency - 2);
  test.engine.setLimits({ lfuDecayMinutes: 0 });
  expect(test.engine.usage(key)!.frequency).toBe(frequency);
});

test("allkeys-lfu: a lower factor counts further", () => {
  const frequencies = [0, 1, 10, 100].map((lfuLogFactor) => {
    const { engine } = createEngine({ evictionPolicy: "allkeys-lfu" });
    engine.setLimits({ lfuLogFactor });
    engine.put(simpleKey("key"), simpleCell("value"));
    for (let i = 0; i < 1000; i++) engine.get(simpleKey("key"), into);
    return engine.usage(simpleKey("key"))!.frequency;
  });
  expect(frequencies[0]).toBe(255);
  expect(frequencies).toEqual([...frequencies].sort((a, b) => b - a));
  expect(frequencies[3]).toBeLessThan(15);
});

test("allkeys-random: age makes no difference", () => {
  const test = filled("allkeys-random");
  cut(test, 0.5);
  const [old, young] = [keysWith(test.engine, "old ", 2000), keysWith(test.engine, "new ", 2000)];
  expect(Math.abs(old - young)).toBeLessThan(200);
});

test.each(["volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random"] as const)(
  "%s: rows that do not expire stay",
  (policy) => {
    const test = filled(policy, { expiring: "new" });
    cut(test, 0.55);
    expect(keysWith(test.engine, "old ", 2000)).toBe(2000);
    expect(keysWith(test.engine, "new ", 2000)).toBeLessThan(300);
    test.engine.setLimits({ memoryBytesMax: test.engine.statistics.liveBytes / 2 });
    expect(test.engine.makeRoom()).toBe(false);
    expect(test.engine.counts(0)).toEqual({ rows: 2000, expiring: 0 });
  },
);

test("volatile-lru: of those that expire, the longest unused go first", () => {
  const test = filled("volatile-lru");
  cut(test, 0.5);
  expect(keysWith(test.engine, "old ", 2000)).toBeLessThan(200);
});

test("volatile-ttl: the next to expire go first", () => {
  const test = createEngine({ evictionPolicy: "volatile-ttl" });
  for (let i = 0; i < 4000; i++) {
    const expiresAtMs = test.wall.nowMs + 1000 + ((i * 7919) % 4000) * 1000;
    test.engine.put(simpleKey(`${i}`), simpleCell("x".repeat(1000), expiresAtMs));
  }
  cut(test, 0.5);
  let soonSurvivors = 0;
  for (let i = 0; i < 4000; i++) if ((i * 7919) % 4000 < 1500 && has(test.engine, `${i}`)) soonSurvivors++;
  expect(soonSurvivors).toBeLessThan(100);
});

test("a row that lost its expiry since it was a candidate is not taken", () => {
  const test = filled("volatile-lru");
  test.engine.setLimits({ memoryBytesMax: test.engine.statistics.liveBytes - 4000 });
  expect(test.engine.makeRoom()).toBe(true); // fills the pool
  for (const name of ["old", "new"]) {
    for (let i = 0; i < 2000; i++) {
      if (has(test.engine, `${name} ${i}`))
        test.engine.put(simpleKey(`${name} ${i}`), simpleCell("x".repeat(1020)));
    }
  }
  const { rows } = test.engine.counts(0);
  test.engine.setLimits({ memoryBytesMax: MIB });
  expect(test.engine.makeRoom()).toBe(false);
  expect(test.engine.counts(0).rows).toBe(rows);
});

test("every row that goes unasked is told of, with the reason", () => {
  const { engine, wall } = createEngine({ evictionPolicy: "allkeys-lru" });
  const told: [string, DropReason][] = [];
  engine.onDropped = ({ bytes, start, end }, reason) => {
    told.push([Buffer.from(bytes.subarray(start, end)).toString("hex"), reason]);
  };
  engine.put(simpleKey("a"), simpleCell("value", wall.nowMs + 10));
  engine.put(simpleKey("b"), simpleCell("value"));
  engine.put(simpleKey("c"), simpleCell("value"));
  engine.put(simpleKey("c"), simpleCell("", wall.nowMs)); // asked for
  engine.dropExpired(wall.nowMs + 10, 100);
  engine.setLimits({ memoryBytesMax: 1 });
  engine.makeRoom();
  const hex = (key: string): string => Buffer.from(simpleKey(key).copy()).toString("hex");
  expect(told).toEqual([
    [hex("a"), "expired"],
    [hex("b"), "evicted"],
  ]);
});

test("usage tells idle time without ending it", () => {
  const { engine, monotonic } = createEngine();
  engine.put(simpleKey("key"), simpleCell("value"));
  monotonic.nowMs += 90_000;
  expect(engine.usage(simpleKey("key"))!.idleSeconds).toBe(89);
  expect(engine.usage(simpleKey("key"))!.idleSeconds).toBe(89);
  engine.get(simpleKey("key"), into);
  expect(engine.usage(simpleKey("key"))!.idleSeconds).toBe(0);
  expect(engine.usage(simpleKey("other"))).toBeUndefined();
});

test("rowBytes is near what the row costs", () => {
  const { engine, wall } = createEngine();
  for (const length of [10, 100, 5000, 40_000, 3_000_000]) {
    const before = engine.statistics.liveBytes;
    for (let i = 0; i < 20; i++)
      engine.put(simpleKey(`${length} ${i}`), simpleCell(new Uint8Array(length), wall.nowMs + 9));
    const cost = (engine.statistics.liveBytes - before) / 20;
    const told = engine.rowBytes(simpleKey(`${length} 3`))!;
    expect(told).toBeGreaterThan(length);
    expect(Math.abs(told - cost)).toBeLessThan(160); // the first rows make tables
  }
  expect(engine.rowBytes(simpleKey("other"))).toBeUndefined();
});
