/** What outlasts a disk node, in a simulated world where it is killed and the power fails. */
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { silentLogger } from "../base/logger.ts";
import { NEVER } from "../causality/cell.ts";
import { compareHlc } from "../causality/hybrid-clock.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { openNode, type StorageNode } from "./node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "./settings.ts";

const MIB = 1024 * 1024;
const settings: NodeSettings = {
  ...DEFAULT_SETTINGS,
  dataDirectory: "/data",
  fsync: "always",
  memtableBytes: MIB,
  blockCacheBytes: MIB,
};

class Bench {
  readonly world: SimWorld;
  node!: StorageNode;

  constructor(seed: string) {
    this.world = new SimWorld(seed);
  }

  async start(changes: Partial<NodeSettings> = {}): Promise<void> {
    const opening = openNode(this.world.runtime("a"), { ...settings, ...changes }, silentLogger);
    this.node = await this.world.runUntil(opening);
  }

  set(key: string, value: string, database = 0): Promise<void> {
    const { clock } = this.world.runtime("a");
    return this.world.runUntil(
      (async () => {
        await this.node.replica.update({ database, key: utf8(key) }, clock.wallMs(), () => ({
          reply: undefined,
          change: { kind: "put", value: utf8(value), expiresAtMs: NEVER },
        }));
        await this.node.durable();
      })(),
    );
  }

  async get(key: string, database = 0): Promise<string | undefined> {
    const options = { wallMs: this.world.runtime("a").clock.wallMs(), touch: false };
    return await this.world.runUntil(
      (async () =>
        this.node.replica.read({ database, key: utf8(key) }, options, ({ value }) =>
          value === undefined ? undefined : Buffer.from(value).toString(),
        ))(),
    );
  }

  async flush(database?: number): Promise<void> {
    await this.world.runUntil(
      (async () => {
        await this.node.replica.clear(database);
        await this.node.durable();
      })(),
    );
  }

  crash(): void {
    this.world.crash("a");
  }
}

test("what was written is there after a restart, and after a power failure", async () => {
  const bench = new Bench("restart");
  await bench.start();
  await bench.set("a", "1");
  await bench.world.runUntil(bench.node.close());
  await bench.start();
  await bench.set("b", "2");
  const { actor } = bench.node;
  bench.crash();
  await bench.start();
  expect([await bench.get("a"), await bench.get("b"), bench.node.actor]).toEqual(["1", "2", actor]);
});

test("a write after a restart is newer, though the clock was set back a little", async () => {
  const bench = new Bench("clock");
  await bench.start();
  await bench.set("a", "1");
  const { hlc: last } = bench.node.disk!.stamper.stamp(bench.world.runtime("a").clock.wallMs());
  await bench.set("a", "2");
  for (const end of ["close", "crash"]) {
    if (end === "close") await bench.world.runUntil(bench.node.close());
    bench.crash();
    bench.world.jumpClock("a", -200);
    await bench.start();
    const { hlc } = bench.node.disk!.stamper.stamp(bench.world.runtime("a").clock.wallMs());
    expect(compareHlc(hlc, last)).toBeGreaterThan(0);
  }
});

test("a write after a restart replaces what was there, though the clock was set back an hour", async () => {
  const bench = new Bench("clock");
  await bench.start();
  await bench.set("a", "1");
  await bench.world.runUntil(bench.node.close());
  bench.world.jumpClock("a", -3_600_000);
  await bench.start();
  await bench.set("a", "2");
  expect(await bench.get("a")).toBe("2");
});

test("a dot is never given again", async () => {
  const bench = new Bench("dots");
  let last = 0;
  for (let life = 0; life < 4; life++) {
    await bench.start();
    const { counter } = bench.node.disk!.stamper.stamp(0).dot;
    expect(counter).toBeGreaterThan(last);
    last = counter;
    bench.crash();
  }
});

test("flushed databases stay empty, and swapped ones swapped, whenever the power fails", async () => {
  const bench = new Bench("databases");
  await bench.start();
  await bench.set("old", "1");
  await bench.set("other", "2", 1);
  await bench.flush(0);
  bench.crash();
  await bench.start();
  expect(await bench.get("old")).toBeUndefined();
  await bench.set("new", "3");
  bench.node.replica.swapDatabases(0, 1, 0);
  await bench.world.runUntil(bench.node.durable() ?? Promise.resolve());
  bench.crash();
  await bench.start();
  expect([await bench.get("other"), await bench.get("new", 1)]).toEqual(["2", "3"]);
  await bench.flush();
  await bench.set("last", "4", 1);
  bench.crash();
  await bench.start();
  expect([await bench.get("other"), await bench.get("new", 1), await bench.get("last", 1)]).toEqual([
    undefined,
    undefined,
    "4",
  ]);
});

test("rows of a flushed database that a crash left behind are dropped in the next life", async () => {
  const bench = new Bench("abandoned");
  await bench.start();
  for (let i = 0; i < 500; i++) await bench.set(`key:${i}`, "x");
  await bench.flush(0);
  bench.crash();
  await bench.start();
  const number = bench.node.disk!.abandoned[0]!;
  expect(bench.node.engine.counts(number).rows).toBeGreaterThan(0);
  await bench.world.runFor(2_000);
  expect(bench.node.engine.counts(number).rows).toBe(0);
});

test("a second node on the directory is refused, and names the setting", async () => {
  const bench = new Bench("lock");
  await bench.start();
  await expect(bench.start()).rejects.toThrow(
    /data directory "\/data" \(setting data\).* another process has it/,
  );
  await bench.world.runUntil(bench.node.close());
  await bench.start();
});

test("a directory of something else is refused and left alone", async () => {
  const bench = new Bench("foreign");
  const { disk } = bench.world.runtime("a");
  await bench.world.runUntil(disk.makeDirectory("/data/photos"));
  await expect(bench.start()).rejects.toThrow(/holds no data of Kvorum, but "photos"/);
  expect(await bench.world.runUntil(disk.list("/data"))).toEqual(["photos"]);
});

test("a checkpoint has what was written before it, nothing later, and is a node of its own", async () => {
  const bench = new Bench("checkpoint");
  await bench.start();
  await bench.set("before", "1");
  await bench.flush(1);
  bench.node.replica.swapDatabases(0, 1, 0);
  const making = bench.node.disk!.checkpoints.create("first");
  await bench.set("after", "2", 1);
  expect(await bench.world.runUntil(making)).toBe("/data/checkpoints/first");
  const { actor } = bench.node;
  bench.crash();
  await bench.start({ dataDirectory: "/data/checkpoints/first" });
  expect([await bench.get("before", 1), await bench.get("after", 1)]).toEqual(["1", undefined]);
  expect(bench.node.actor).not.toBe(actor);
  await bench.set("own", "3", 1);
  await bench.world.runUntil(bench.node.close());
  await bench.start();
  expect([await bench.get("before", 1), await bench.get("after", 1), await bench.get("own", 1)]).toEqual([
    "1",
    "2",
    undefined,
  ]);
  expect(bench.node.actor).toBe(actor);
});

test("a checkpoint that a crash cut short is refused as a data directory, and another one is made", async () => {
  const bench = new Bench("cut short");
  await bench.start();
  await bench.set("a", "1");
  const { disk } = bench.world.runtime("a");
  void bench.node.disk!.checkpoints.create("first");
  while ((await bench.world.runUntil(disk.list("/data/checkpoints/first/tables"))).length === 0);
  bench.crash();
  await bench.start();
  await bench.world.runUntil(bench.node.disk!.checkpoints.create("second"));
  await bench.world.runUntil(bench.node.close());
  await bench.start({ dataDirectory: "/data/checkpoints/second" });
  expect(await bench.get("a")).toBe("1");
});

test("a checkpoint is made where a path says; two at once are not made in one place", async () => {
  const bench = new Bench("elsewhere");
  await bench.start();
  await bench.set("a", "1");
  const { checkpoints } = bench.node.disk!;
  const twice = Promise.allSettled([checkpoints.create("/backup/a"), checkpoints.create("/backup/a")]);
  const outcomes = await bench.world.runUntil(twice);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await bench.world.runUntil(checkpoints.create())).toMatch(/^\/data\/checkpoints\/at-\d{4}-/);
  await bench.world.runUntil(bench.node.close());
  await bench.start({ dataDirectory: "/backup/a" });
  expect(await bench.get("a")).toBe("1");
});

test("saves are named by their time, and the last three are kept", async () => {
  const bench = new Bench("saves");
  await bench.start();
  const { checkpoints } = bench.node.disk!;
  await bench.world.runUntil(checkpoints.create("mine"));
  for (let i = 0; i < 5; i++) {
    await bench.set("a", `${i}`);
    expect(checkpoints.unsavedWriteCount).toBeGreaterThan(0);
    await bench.world.runUntil(checkpoints.save());
    await bench.world.runFor(1_000);
  }
  const kept = await bench.world.runUntil(bench.world.runtime("a").disk.list("/data/checkpoints"));
  expect(kept.filter((name) => name.startsWith("20"))).toHaveLength(3);
  expect(kept).toContain("mine");
  expect([checkpoints.saveCount, checkpoints.unsavedWriteCount, checkpoints.lastSaveFailed]).toEqual([
    5,
    0,
    false,
  ]);
});

test("with a full disk, who waits for memtables to be flushed is told, and does not wait for ever", async () => {
  const bench = new Bench("full memtables");
  await bench.start({ fsync: "everysec" });
  const disk = bench.world.disk("a");
  disk.capacityBytes = disk.usedBytes + 6 * MIB;
  const writing = (async (): Promise<void> => {
    for (let i = 0; ; i++) await bench.set(`key:${i}`, "x".repeat(50_000));
  })();
  // "unknown" if it waits already when the flush fails, "not-applied" if it comes after that.
  await expect(writing).rejects.toMatchObject({ code: "IO", message: expect.stringContaining("disk full") });
  await expect(bench.set("late", "1")).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
  expect(await bench.get("key:0")).toHaveLength(50_000);
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await bench.world.runFor(60_000);
  await bench.set("late", "1");
  expect(bench.node.engine.main.statistics).toMatchObject({ fullMemtableCount: 0 });
});

test.each(["../up", "", "a/b", ".hidden", "x".repeat(200)])(
  "a checkpoint may not be named %j",
  async (name) => {
    const bench = new Bench("names");
    await bench.start();
    await expect(bench.world.runUntil(bench.node.disk!.checkpoints.create(name))).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    });
  },
);

test("with a full disk, writes are refused, reads go on, and it heals by itself", async () => {
  const bench = new Bench("full");
  await bench.start();
  await bench.set("a", "1");
  await bench.set("b", "0");
  const disk = bench.world.disk("a");
  disk.capacityBytes = disk.usedBytes;
  await expect(bench.set("a", "2")).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
  await expect(bench.set("a", "3")).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
  await expect(bench.set("a", "3")).rejects.toThrow(/disk full/);
  expect(bench.node.durable()).toBeUndefined();
  expect(await bench.get("b")).toBe("0");
  await expect(bench.get("a")).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
  await expect(bench.flush()).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
  expect(() => bench.node.replica.swapDatabases(0, 1, 0)).toThrow(/disk full/);
  expect(await bench.get("b")).toBe("0");
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await bench.world.runFor(5_000);
  expect(await bench.get("a")).toBe("2");
  await bench.set("b", "4");
  bench.crash();
  await bench.start();
  expect([await bench.get("a"), await bench.get("b")]).toEqual(["2", "4"]);
});
