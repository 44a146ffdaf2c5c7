import { expect, onTestFinished, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { openSmallEngine, overwrite, simpleTraits } from "../lsm/engine/small-engine.oracle.ts";
import { createEngine, seededRandom } from "../memory/memory-engine.contract.ts";
import { OWN_DATABASE, type RowKey } from "../row-key.ts";
import {
  type EngineUnderTest,
  keysOf,
  payloadOf,
  rowKeysIn,
  simpleCell,
  simpleKey,
  simpleRules,
} from "../simple-engine.oracle.ts";
import { testStorageEngine } from "../storage-engine.contract.ts";
import type { CellRules, StorageEngine } from "../storage-engine.ts";
import type { AnnexSettings } from "./annex.ts";
import { DividedEngine, type DividedEngineOptions } from "./divided-engine.ts";

const SPACE = 0x20;
const MIB = 1024 * 1024;
const NOTHING = simpleCell("", 1).bytes;

function annex(name: string, settings: Partial<AnnexSettings> = {}): AnnexSettings {
  return { name, memoryBytesMax: 0, evictionPolicy: "noeviction", ...settings };
}

function divided(main: StorageEngine, options: Partial<DividedEngineOptions> = {}): DividedEngine {
  return new DividedEngine({
    main,
    rules: simpleRules,
    traits: simpleTraits,
    nothing: NOTHING,
    hashSeed: 1,
    random: seededRandom(2),
    clock: { wallMs: () => 1_000_000_000_000, monotonicMs: () => 0 },
    ...options,
  });
}

/** Puts tell what they supersede. If it `changes`, there are other annexes every few writes, and rows on their way. */
function driven(engine: DividedEngine, changes: boolean): StorageEngine {
  const random = seededRandom(3);
  const change = async (): Promise<void> => {
    const names = ["key", "stuck", "free", "{tag}1"].filter(() => random.below(2) === 0);
    if (random.below(10) === 0)
      engine.arrange(
        names.map((name) => annex(name)),
        () => false,
      );
    if (random.below(3) === 0) await engine.carry(random.below(60));
  };
  return new Proxy<StorageEngine>(engine, {
    get(_, name) {
      if (name === "put") {
        return async (key: RowKey, cell: ByteRange) => {
          const [ownKey, ownCell] = [own(key), owned(cell)];
          if (changes) await change();
          await overwrite(engine, ownKey, ownCell);
        };
      }
      const member = Reflect.get(engine, name, engine);
      return typeof member === "function" ? member.bind(engine) : member;
    },
    set: (_, name, value) => Reflect.set(engine, name, value, engine),
  });
}

function own(key: RowKey): RowKey {
  const copy = simpleKey("");
  copy.load(key.bytes, 0, key.length);
  return copy;
}

function owned({ bytes, start, end }: ByteRange): ByteRange {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start };
}

function inMemory(rules: CellRules): { engine: DividedEngine; wall: { nowMs: number } } {
  const { engine: main, wall } = createEngine({ rules });
  const clock = { wallMs: () => wall.nowMs, monotonicMs: () => 0 };
  return { engine: divided(main, { rules, clock, separator: SPACE }), wall };
}

async function onDisk(rules: CellRules): Promise<{ engine: DividedEngine; wall: { nowMs: number } }> {
  const world = new SimWorld(1);
  const wall = { nowMs: 1_000_000_000_000 };
  const runtime = world.runtime("a");
  const { clock } = runtime;
  const wallMs = (): number => wall.nowMs;
  const own = {
    ...runtime,
    clock: {
      wallMs,
      monotonicMs: () => clock.monotonicMs(),
      turnMs: () => clock.turnMs(),
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
      every: (ms: number, tick: () => void) => clock.every(ms, tick),
      defer: (task: () => void) => clock.defer(task),
    },
  };
  const main = await world.runUntil(openSmallEngine(own, "/data", { rules, fsync: "everysec" }));
  let isOpen = true;
  const pump = async (): Promise<void> => {
    while (isOpen) await world.runFor(1);
  };
  const pumping = pump();
  onTestFinished(() => pumping);
  const close = main.close.bind(main);
  main.close = () =>
    close().finally(() => {
      isOpen = false;
    });
  return { engine: divided(main, { rules, clock: own.clock, separator: SPACE }), wall };
}

testStorageEngine("DividedEngine in memory, with an annex", (rules) => {
  const { engine, wall } = inMemory(rules);
  engine.arrange([annex("key"), annex("soon")], () => true);
  return { engine, wall };
});
testStorageEngine("DividedEngine in memory, changing", (rules): EngineUnderTest => {
  const { engine, wall } = inMemory(rules);
  return { engine: driven(engine, rules === simpleRules), wall };
});
testStorageEngine("DividedEngine on disk, changing", async (rules): Promise<EngineUnderTest> => {
  const { engine, wall } = await onDisk(rules);
  if (rules !== simpleRules) engine.arrange([annex("key")], () => true);
  return { engine: driven(engine, rules === simpleRules), wall };
});

test("a key's first word tells the engine; rows that are the node's own are in the main one", async () => {
  const { engine: main } = createEngine();
  const engine = divided(main);
  engine.arrange([annex("sessions")], () => true);
  const keys = ["sessions:1", "sessions:", "sessions", "session:1", "{sessions:1}", "other:1"];
  for (const key of keys) await engine.put(simpleKey(key), simpleCell(key));
  await engine.put(simpleKey("sessions:own", OWN_DATABASE), simpleCell("own"));
  expect(await keysOf(main)).toEqual(
    expect.arrayContaining(["sessions", "session:1", "{sessions:1}", "other:1"]),
  );
  expect(main.counts(0).rows).toBe(4);
  expect(main.counts(OWN_DATABASE).rows).toBe(1);
  expect(engine.annexes()).toMatchObject([{ name: "sessions", rows: 2, stage: "settled" }]);
  for (const key of keys) expect(await payloadOf(engine, key)).toBe(key);
  expect(await keysOf(engine)).toEqual(expect.arrayContaining(keys));
  expect(engine.counts(0).rows).toBe(6);
});

test("rows are brought into a new annex, and back when it is one no more; whoever scans sees each once", async () => {
  const { engine: main } = createEngine();
  const engine = divided(main);
  const keys = Array.from({ length: 500 }, (_, i) => `${i % 2 === 0 ? "sessions:" : ""}${i}`);
  for (const key of keys) await engine.put(simpleKey(key), simpleCell(key));
  const expected = (await rowKeysIn(engine, new Uint8Array(0), undefined)).length;
  for (const wanted of [[annex("sessions")], []]) {
    const rows = engine.scan(new Uint8Array(0), undefined);
    engine.arrange(wanted, () => false);
    const seen = new Set<string>();
    for (let i = 0; await rows.next(); i++) {
      seen.add(Buffer.from(rows.key.bytes.subarray(rows.key.start, rows.key.end)).toString("hex"));
      if (i % 3 === 0) await engine.carry(2);
    }
    expect(seen.size).toBe(expected);
    while (engine.isCarrying) await engine.carry(50);
    expect(main.counts(0).rows).toBe(wanted.length === 0 ? 500 : 250);
    expect(engine.counts(0).rows).toBe(500);
    for (const key of keys) expect(await payloadOf(engine, key)).toBe(key);
  }
  expect(engine.annexes()).toEqual([]);
});

test("rows in use stay where they are", async () => {
  const { engine: main } = createEngine();
  const engine = divided(Object.assign(main, { usesSuperseded: true }));
  for (const key of ["s:1", "s:2"]) await engine.put(simpleKey(key), simpleCell(key));
  const used = simpleKey("s:1").hash;
  engine.isInUse = (hash) => hash === used;
  engine.arrange([annex("s")], () => false);
  for (let i = 0; i < 5; i++) await engine.carry(10);
  expect(engine.annexes()).toMatchObject([{ stage: "filling", rows: 1 }]);
  engine.isInUse = undefined;
  for (let i = 0; i < 2; i++) await engine.carry(10);
  expect(engine.annexes()).toMatchObject([{ stage: "settled", rows: 2 }]);
  engine.isInUse = (hash) => hash === used;
  engine.arrange([annex("s", { memoryBytesMax: 1, evictionPolicy: "allkeys-lru" })], () => true);
  engine.maintain();
  expect(await keysOf(engine)).toEqual(["s:1"]);
});

test("each annex has its own limit, and what it has evicted is counted of it", async () => {
  const { engine: main } = createEngine();
  const engine = divided(main);
  const small = { memoryBytesMax: MIB, evictionPolicy: "allkeys-lru" } as const;
  engine.arrange([annex("pages", small), annex("kept", { memoryBytesMax: MIB }), annex("free")], () => true);
  const cell = simpleCell("x".repeat(1000));
  for (let i = 0; i < 3000; i++) {
    await engine.put(simpleKey(`pages:${i}`), cell);
    await engine.put(simpleKey(`free:${i}`), cell);
    await engine.put(simpleKey(`${i}`), cell);
  }
  const status = (name: string) => engine.annexes().find((each) => each.name === name)!;
  expect(status("pages").statistics.liveBytes).toBeLessThanOrEqual(MIB);
  expect(status("pages").rows + status("pages").statistics.evictedRows).toBe(3000);
  expect([status("free").rows, main.counts(0).rows]).toEqual([3000, 3000]);
  expect(engine.statistics.evictedRows).toBe(status("pages").statistics.evictedRows);
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 3000; i++) await engine.put(simpleKey(`kept:${i}`), cell);
  };
  await expect(fill()).rejects.toThrow(/memory limit/);
  engine.arrange([], () => true);
  const evicted = engine.statistics.evictedRows;
  while (engine.isCarrying) await engine.carry(1000);
  expect(engine.statistics.evictedRows).toBe(evicted);
});

test("what may be evicted is not among the lasting rows", async () => {
  const { engine: main } = createEngine();
  const engine = divided(main);
  engine.arrange(
    [
      annex("pages", { memoryBytesMax: MIB, evictionPolicy: "allkeys-lru" }),
      annex("kept", { memoryBytesMax: MIB }),
    ],
    () => true,
  );
  for (const key of ["pages:1", "kept:1", "1"]) await engine.put(simpleKey(key), simpleCell(key));
  expect((await keysOf(engine.lasting)).sort()).toEqual(["1", "kept:1"]);
  expect(engine.lasting.counts(0).rows).toBe(2);
  expect(await payloadOf(engine.lasting, "pages:1")).toBe("pages:1");
});

test("of what shall not be evicted any more nothing is, and it is among the lasting rows at once; rows that go elsewhere have no limit", async () => {
  const { engine: main } = createEngine();
  const engine = divided(main);
  const cache = { memoryBytesMax: MIB, evictionPolicy: "allkeys-lru" } as const;
  engine.arrange([annex("a", cache), annex("b", cache), annex("c", cache)], () => true);
  for (const key of ["a:1", "b:1", "c:1"]) await engine.put(simpleKey(key), simpleCell(key));
  expect(await keysOf(engine.lasting)).toEqual([]);
  expect(engine.mayEvict(simpleKey("a:1"))).toBe(true);
  expect(engine.mayEvict(simpleKey("1"))).toBe(false);
  const kept = annex("b", { memoryBytesMax: MIB });
  engine.confineEviction([annex("a", cache), kept]);
  expect((await keysOf(engine.lasting)).sort()).toEqual(["b:1", "c:1"]);
  expect(["a:1", "b:1", "c:1"].map((key) => engine.mayEvict(simpleKey(key)))).toEqual([true, false, false]);
  const large = simpleCell("x".repeat(1000));
  const fill = async (name: string): Promise<void> => {
    for (let i = 0; i < 3000; i++) await engine.put(simpleKey(`${name}:${i}`), large);
  };
  await expect(fill("b")).rejects.toThrow(/memory limit/);
  await fill("c"); // nobody refuses what shall be on disk in a moment
  engine.arrange([annex("a", cache), kept], () => true);
  while (engine.isCarrying) await engine.carry(1000);
  expect(main.counts(0).rows).toBe(3000);
});
