import { beforeEach, describe, expect, test } from "vitest";
import { ref } from "../../../test/support/replica-bench.ts";
import { toText, utf8 } from "../../base/bytes.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { encodeHintHeader, findHint, type Hint, hintBytes, writeHint } from "./hint-format.ts";
import type { HintLog } from "./hint-log.ts";
import { cellOf, textsIn } from "./hint-samples.oracle.ts";
import type { HintSettings } from "./hint-settings.ts";
import { HintStore } from "./hint-store.ts";

const DIRECTORY = "/a/hints";
const ALL = { countMax: 1_000, bytesMax: 1e6 };

let world: SimWorld;
let runtime: Runtime;

beforeEach(() => {
  world = new SimWorld("hints");
  runtime = world.runtime("a");
});

function open(settings: Partial<HintSettings> = {}): Promise<HintStore> {
  return world.runUntil(HintStore.open(runtime, DIRECTORY, settings));
}

/** Adds in one turn, and waits for all. */
async function add(store: HintStore, target: string, ...names: string[]): Promise<void> {
  await world.runUntil(Promise.all(names.map((name) => store.add(target, ref(name), cellOf(name)))));
}

/** Keys of what waits, in order, without taking it. */
async function waiting(store: HintStore, target: string): Promise<string[]> {
  const hints = await world.runUntil(logOf(store, target).peek(ALL));
  return hints.map(({ hint }) => toText(hint.ref.key));
}

async function take(store: HintStore, target: string, count: number): Promise<void> {
  const log = logOf(store, target);
  await world.runUntil(log.peek({ ...ALL, countMax: count }).then((hints) => log.advance(hints)));
}

function logOf(store: HintStore, target: string): HintLog {
  return store.logs.get(target)!;
}

function files(): string[] {
  return world.disk("a").paths.filter((path) => path.startsWith(DIRECTORY));
}

describe("hints", () => {
  test("wait in order, each for its target, and keep the cell that was written", async () => {
    const store = await open();
    await add(store, "b", "1", "2");
    await add(store, "c", "3");
    await add(store, "b", "4");
    expect(await waiting(store, "b")).toEqual(["1", "2", "4"]);
    expect(await waiting(store, "c")).toEqual(["3"]);
    const [first] = await world.runUntil(logOf(store, "b").peek(ALL));
    expect(first!.hint).toMatchObject({ addedMs: expect.any(Number), ref: { database: 0 } });
    expect(textsIn(first!.hint.cell)).toEqual(["1"]);
  });

  test("are durable when their promise resolves, those of one turn by one sync", async () => {
    const store = await open();
    await add(store, "b", "0"); // makes the file
    const before = world.disk("a").syncCount;
    await add(store, "b", ..."abcdefgh");
    expect(world.disk("a").syncCount - before).toBe(1);
    world.crash("a");
    runtime = world.runtime("a");
    expect(await waiting(await open(), "b")).toEqual([..."0abcdefgh"]);
  });

  test("that nobody waits for are written together, a little later", async () => {
    const store = await open({ gatherMs: 50 });
    await add(store, "b", "0");
    const before = world.disk("a").syncCount;
    const added = [1, 2, 3].map(async (i) => {
      await runtime.clock.sleep(i * 10);
      await store.add("b", ref(`${i}`), cellOf("x"), { isUrgent: false });
    });
    await world.runUntil(Promise.all(added));
    expect(world.disk("a").syncCount - before).toBe(1);
    expect(await waiting(store, "b")).toEqual(["0", "1", "2", "3"]);
  });

  test("that were delivered are gone, and their files with them", async () => {
    const store = await open({ segmentBytes: 150 });
    for (const name of "abcdefgh") await add(store, "b", name);
    const fileCount = files().length;
    expect(fileCount).toBeGreaterThan(2);
    await take(store, "b", 3);
    expect(store.countFor("b")).toBeLessThanOrEqual(5);
    while (store.countFor("b") > 0) await take(store, "b", 2);
    expect(files()).toEqual([]);
    expect(store.statistics).toMatchObject({ count: 0, sizeBytes: 0, targets: [] });
    await add(store, "b", "again");
    expect(await waiting(store, "b")).toEqual(["again"]);
  });

  test("wait in memory where there is no disk", async () => {
    const store = await world.runUntil(HintStore.open(runtime, undefined));
    expect(store.isSynced).toBe(false);
    await add(store, "b", "1", "2");
    expect(await waiting(store, "b")).toEqual(["1", "2"]);
    await take(store, "b", 2);
    expect(store.countFor("b")).toBe(0);
    expect(files()).toEqual([]);
  });
});

describe("bounds", () => {
  test("past them a hint is refused, not applied, and nothing of it is kept", async () => {
    const store = await open({ bytesMax: 2_000 });
    await add(store, "b", "k");
    const large = store.add("b", ref("large"), new Uint8Array(3_000));
    await expect(large).rejects.toMatchObject({ code: "OVERLOADED", outcome: "not-applied" });
    expect(await waiting(store, "b")).toEqual(["k"]);
    expect(store.statistics.refusedCount).toBe(1);
  });

  test.each([900, 920, 940, 960, 980])(
    "what files take beside their hints counts, too: %i",
    async (bytesMax) => {
      const store = await open({ bytesMax, segmentBytes: 1 });
      let taken = 0;
      while (store.statistics.refusedCount === 0) {
        const added = world.runUntil(store.add("b", ref(`k${taken}`), new Uint8Array(10)));
        await added.then(() => taken++).catch(() => undefined);
        expect(store.statistics.sizeBytes).toBeLessThanOrEqual(bytesMax);
      }
      expect(taken).toBeGreaterThan(5);
    },
  );

  test("of what is on its way to the disk is one of its own", async () => {
    const store = await open({ queuedBytesMax: 1_000 });
    const first = store.add("b", ref("1"), new Uint8Array(800));
    const second = store.add("c", ref("2"), new Uint8Array(800));
    await expect(second).rejects.toMatchObject({ code: "OVERLOADED" });
    await world.runUntil(first);
    await world.runUntil(store.add("c", ref("2"), new Uint8Array(800)));
  });

  test("files with nothing but overdue hints are dropped, and the hints counted", async () => {
    const store = await open({ segmentBytes: 1 });
    await add(store, "b", "old");
    await world.runFor(1_000);
    await add(store, "b", "young");
    const log = logOf(store, "b");
    expect(await world.runUntil(log.dropOlder(runtime.clock.wallMs() - 500))).toBe(1);
    expect(await waiting(store, "b")).toEqual(["young"]);
  });
});

describe("a row's hints", () => {
  test("are found whomever they are for, and merged", async () => {
    const store = await open({ segmentBytes: 200 });
    await world.runUntil(store.add("b", ref("k"), cellOf("left", 1)));
    await add(store, "b", "other", "more");
    await world.runUntil(store.add("c", ref("k"), cellOf("right", 2)));
    await world.runUntil(store.add("c", ref("k", 1), cellOf("of another database", 3)));
    const found = await world.runUntil(Promise.resolve(store.find(ref("k"))));
    expect(textsIn(found!).toSorted()).toEqual(["left", "right"]);
    expect(store.find(ref("nothing"))).toBeUndefined();
  });

  test("are found after a restart, and not once they are delivered", async () => {
    await add(await open(), "b", "k");
    world.crash("a");
    runtime = world.runtime("a");
    const store = await open();
    expect(textsIn((await world.runUntil(Promise.resolve(store.find(ref("k")))))!)).toEqual(["k"]);
    await take(store, "b", 1);
    expect(store.find(ref("k"))).toBeUndefined();
  });
});

describe("a disk that fails", () => {
  test("costs the hints that it did not take, and is tried again for the next", async () => {
    const store = await open();
    await add(store, "b", "1");
    world.disk("a").intercept = ({ kind }) => (kind === "sync" ? "EIO" : undefined);
    const failed = store.add("b", ref("2"), cellOf("2"));
    await expect(world.runUntil(failed)).rejects.toMatchObject({ code: "IO" });
    world.disk("a").intercept = undefined;
    await add(store, "b", "3");
    expect(await waiting(store, "b")).toContain("1");
    await take(store, "b", 1);
    expect(await waiting(store, "b")).toEqual(["3"]);
  });

  test.each([1, 2, 3, 4, 5])("rot costs the hints that it hits, and no others (seed %i)", async (seed) => {
    const store = await open();
    const names = Array.from({ length: 40 }, (_, i) => `k${seed}-${i}`);
    await add(store, "b", ...names);
    await world.runUntil(store.close());
    const [path] = files();
    const atHint = encodeHintHeader({ target: "b", number: 1, stamp: 0 }).length;
    world.disk("a").flipBit(path!, atHint + 37 * seed);
    const left = await waiting(await open(), "b");
    expect(left.length).toBe(39);
    expect(names.filter((name) => left.includes(name))).toEqual(left);
  });

  test("rot of a header sets the file aside", async () => {
    const store = await open();
    await add(store, "b", "k");
    await world.runUntil(store.close());
    world.disk("a").flipBit(files()[0]!, 20);
    const again = await open();
    expect(again.logs.size).toBe(0);
    expect(files()).toEqual([`${DIRECTORY}/000001.hints.damaged`]);
  });
});

describe("the format", () => {
  const hint: Hint = { addedMs: 0x0123_4567_89ab, ref: ref("key", 3), cell: utf8("cell") };

  test("is what docs/formats/hints.md draws", () => {
    const bytes = new Uint8Array(hintBytes(hint.ref, hint.cell));
    writeHint(bytes, 0, 0x89ab_cdef, hint);
    const header = encodeHintHeader({ target: "00112233445566aa", number: 7, stamp: 0x89ab_cdef });
    expect(Buffer.from(header).toString("hex")).toBe(HEADER);
    expect(Buffer.from(bytes).toString("hex")).toBe(HINT);
  });

  test("does not take what a client wrote for a hint", () => {
    const inner = new Uint8Array(hintBytes(hint.ref, hint.cell));
    writeHint(inner, 0, 1, hint);
    const outer = { ...hint, cell: inner };
    const bytes = new Uint8Array(hintBytes(outer.ref, outer.cell));
    writeHint(bytes, 0, 2, outer);
    bytes[0]! ^= 1;
    expect(findHint(bytes, 0, 2)).toBeUndefined();
  });

  test("of a newer version stops the start, and is not touched", async () => {
    const header = encodeHintHeader({ target: "b", number: 1, stamp: 0 });
    const view = new DataView(header.buffer);
    view.setUint32(8, 2, true);
    const { crc32 } = await import("node:zlib");
    view.setUint32(header.length - 4, crc32(header.subarray(0, -4)), true);
    const { disk } = runtime;
    await world.runUntil(
      disk
        .makeDirectory(DIRECTORY)
        .then(async () => (await disk.open(`${DIRECTORY}/000001.hints`)).append(header)),
    );
    await expect(open()).rejects.toMatchObject({ code: "CORRUPTION" });
    expect(files()).toHaveLength(1);
  });
});

const HEADER =
  "4b564f52554d480a01000000efcdab890700000000000000100000003030313132323333343435353636616144b4167c";
const HINT = "435ea341efcdab891f000000ab89674523010300030000006b657963656c6c";
