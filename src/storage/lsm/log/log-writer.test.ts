import { describe, expect, test } from "vitest";
import { replacing } from "../../../../test/support/replacing.ts";
import type { Disk, DiskFile } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import type { FsyncPolicy } from "./commit-plan.ts";
import { DIRECTORY, SmallLog, type SmallLogSettings } from "./small-log.oracle.ts";

const FIRST_FILE = `${DIRECTORY}/000001.log`;

/** A log on the machine "a" of a fresh world, or of the one given. */
async function openLog(
  settings: SmallLogSettings,
  world = new SimWorld(1),
): Promise<{ world: SimWorld; log: SmallLog }> {
  return { world, log: await world.runUntil(SmallLog.open(world.runtime("a"), settings)) };
}

/** The rows that a new process finds, after the power failed if `crash`. */
async function reopened(world: SimWorld, { crash = false } = {}): Promise<Map<string, string>> {
  if (crash) world.crash("a");
  else world.kill("a");
  return (await openLog({ policy: "always" }, world)).log.rows;
}

describe("under always", () => {
  test("what is put in one turn is one batch, one sync and one promise, which resolves when it is durable", async () => {
    const { world, log } = await openLog({ policy: "always" });
    const promises = Array.from({ length: 100 }, (_, i) => {
      log.put(`key ${i}`, "value");
      return log.writer.durable();
    });
    expect(new Set(promises).size).toBe(1);
    await world.runUntil(promises[0]!);
    expect(log.writer.durable()).toBeUndefined();
    expect(log.writer.counters).toMatchObject({ batches: 1, syncs: 1 });
    expect(await reopened(world, { crash: true })).toEqual(log.rows);
  });

  test("what is put while a batch is written gathers in the next one", async () => {
    const { world, log } = await openLog({ policy: "always" });
    await world.runUntil(log.putDurably("z", "1"));
    log.put("a", "1");
    const first = log.writer.durable()!;
    await world.runFor(0.02);
    log.put("b", "1");
    const second = log.writer.durable()!;
    log.put("c", "1");
    expect(log.writer.durable()).toBe(second);
    expect(second).not.toBe(first);
    await world.runUntil(second);
    expect(log.writer.counters).toMatchObject({ batches: 3, syncs: 3 });
  });

  test("a row of a segment that is full is waited for, too", async () => {
    const { world, log } = await openLog({ policy: "always" });
    log.put("a", "1");
    log.rotate();
    await world.runUntil(log.writer.durable()!);
    expect(await reopened(world, { crash: true })).toEqual(new Map([["a", "1"]]));
  });
});

describe("under everysec", () => {
  test("nobody waits; rows are in the file in milliseconds and on the disk in about a second", async () => {
    const { world, log } = await openLog({ policy: "everysec" });
    await world.runFor(5000);
    for (let i = 0; i < 2000; i++) {
      log.put(`key ${i % 100}`, `value ${i}`);
      expect(log.writer.durable()).toBeUndefined();
      await world.runFor(1);
    }
    expect(log.writer.counters.syncs).toBeGreaterThanOrEqual(2);
    expect(log.writer.counters.syncs).toBeLessThanOrEqual(3);
    expect(log.writer.counters.batches).toBeGreaterThan(200);
    await world.runFor(20);
    expect(log.writer.backlogBytes).toBe(0);
    expect(await reopened(world)).toEqual(log.rows);
  });

  test("after a second of peace everything is durable, and the log rests", async () => {
    const { world, log } = await openLog({ policy: "everysec" });
    log.put("a", "1");
    await world.runFor(10);
    log.put("a", "2");
    await world.runFor(1020);
    const { eventCount } = world.scheduler;
    await world.runFor(60_000);
    expect(world.scheduler.eventCount).toBe(eventCount);
    expect(await reopened(world, { crash: true })).toEqual(new Map([["a", "2"]]));
  });

  test("writers wait when more than the backlog is in memory only", async () => {
    const { world, log } = await openLog({
      policy: "everysec",
      backlogBytesMax: 10_000,
      segmentBytes: 1 << 20,
    });
    log.put("a", "x".repeat(9000));
    expect(log.writer.durable()).toBeUndefined();
    log.put("b", "x".repeat(2000));
    await world.runUntil(log.writer.durable()!);
    expect(log.writer.durable()).toBeUndefined();
    expect(log.writer.backlogBytes).toBe(0);
  });

  test("writers wait when the disk does not answer for seconds", async () => {
    const world = new SimWorld(1);
    const runtime = world.runtime("a");
    let answer!: () => void;
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const stalled = { ...runtime, disk: withSlowSync(runtime.disk, silence) };
    const log = await world.runUntil(SmallLog.open(stalled, { policy: "everysec" }));
    log.put("a", "1");
    await world.runFor(1900);
    log.put("b", "1");
    expect(log.writer.durable()).toBeUndefined();
    await world.runFor(200);
    const waiting = log.writer.durable()!;
    answer();
    await world.runUntil(waiting);
    expect(log.writer.durable()).toBeUndefined();
  });
});

test.each(["always", "everysec"] as const)(
  "writers are refused when the disk does not answer, and go on when it does (%s)",
  async (policy) => {
    const world = new SimWorld(1);
    const runtime = world.runtime("a");
    let answer!: () => void;
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const stalled = { ...runtime, disk: withSlowSync(runtime.disk, silence) };
    const log = await world.runUntil(SmallLog.open(stalled, { policy, silenceMsMax: 8000 }));
    log.put("a", "1");
    await world.runFor(5000);
    log.put("b", "1");
    const waiting = log.writer.durable()!.catch((cause: unknown) => cause);
    await world.runFor(2900);
    expect(log.writer.refusal).toBeUndefined();
    await world.runFor(4100);
    expect(await waiting).toMatchObject({ code: "IO", outcome: "unknown" });
    expect(() => log.put("c", "1")).toThrow(expect.objectContaining({ code: "IO", outcome: "not-applied" }));
    expect(() => log.put("c", "1")).toThrow(
      /does not answer: \/data\/log\/000001.log has been waited for \d+ s/,
    );
    expect(log.writer.counters).toMatchObject({ silences: 1, failures: 0 });
    answer();
    await world.runFor(10);
    await world.runUntil(log.putDurably("d", "1"));
    expect(log.notes).toEqual([expect.stringContaining("trouble: the disk does not answer"), "recovery"]);
    await world.runFor(2000);
    expect(await reopened(world, { crash: true })).toEqual(log.rows);
  },
);

test("a close ends, though the disk does not answer", async () => {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const stalled = { ...runtime, disk: withSlowSync(runtime.disk, new Promise(() => undefined)) };
  const log = await world.runUntil(SmallLog.open(stalled, { policy: "always" }));
  log.put("a", "1");
  const closing = log.writer.close().catch((cause: unknown) => cause);
  await world.runFor(15_000);
  expect(await closing).toMatchObject({ code: "IO", outcome: "unknown" });
});

/** The same disk, but syncs of files begin only after `silence`. */
function withSlowSync(disk: Disk, silence: Promise<void>): Disk {
  const slowFile = (file: DiskFile): DiskFile =>
    replacing(file, { sync: () => silence.then(() => file.sync()) });
  return replacing(disk, { open: async (path, options) => slowFile(await disk.open(path, options)) });
}

test("under no, a file is synced once: when its segment is full", async () => {
  const { world, log } = await openLog({ policy: "no" });
  log.put("a", "1");
  await world.runFor(10_000);
  expect(log.writer.counters.syncs).toBe(0);
  log.rotate();
  await world.runFor(100);
  expect(log.writer.counters.syncs).toBe(1);
  expect(await reopened(world, { crash: true })).toEqual(new Map([["a", "1"]]));
});

test("a stricter policy holds for what was put before, too", async () => {
  const { world, log } = await openLog({ policy: "no" });
  log.put("a", "1");
  await world.runFor(100);
  log.writer.policy = "always";
  await world.runUntil(log.writer.durable()!);
  expect(await reopened(world, { crash: true })).toEqual(new Map([["a", "1"]]));
});

describe("trouble", () => {
  const POLICIES: FsyncPolicy[] = ["always", "everysec", "no"];

  test.each(POLICIES)(
    "a full disk refuses puts until there is room again, and loses nothing, under %s",
    async (policy) => {
      const { world, log } = await openLog({ policy });
      world.disk("a").capacityBytes = world.disk("a").usedBytes + 150; // and no zeros ahead
      log.put("a", "1");
      await world.runFor(2000);
      log.put("b", "x".repeat(100));
      const waiting = log.writer.durable();
      if (policy === "always") {
        await expect(world.runUntil(waiting!)).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
      }
      await world.runFor(1500);
      expect(() => log.put("c", "1")).toThrow(
        expect.objectContaining({ code: "IO", outcome: "not-applied" }),
      );
      expect(() => log.put("c", "1")).toThrow(/^disk full: /);
      expect(log.rows.get("b")).toBe("x".repeat(100));
      await expect(log.writer.durable()).rejects.toMatchObject({ outcome: "unknown" });
      world.disk("a").capacityBytes = Number.POSITIVE_INFINITY;
      await world.runFor(1500);
      expect(log.notes).toEqual([expect.stringMatching(/^trouble: .*000001.log/), "recovery"]);
      log.put("c", "1");
      await world.runFor(1500);
      expect([...log.rows.keys()].sort()).toEqual(["a", "b", "c"]);
      expect(await reopened(world)).toEqual(log.rows);
    },
  );

  test.each(POLICIES)(
    "what a failed append left in the file is cut off before it is tried again, under %s",
    async (policy) => {
      const { world, log } = await openLog({ policy });
      log.put("a", "1");
      await world.runFor(2000);
      const { disk } = world.runtime("a");
      let failures = 0;
      world.disk("a").intercept = ({ kind, path }) => {
        if (kind !== "append" || path !== FIRST_FILE || failures > 0) return undefined;
        failures++;
        world
          .disk("a")
          .tree.open(path, false)
          .append(Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
        return "EIO";
      };
      log.put("b", "1");
      await world.runFor(3000);
      expect(failures).toBe(1);
      expect(log.notes).toEqual([expect.stringMatching(/^trouble: /), "recovery"]);
      const file = await world.runUntil(disk.open(FIRST_FILE));
      const { sealedBytes } = log.memtables[0]!.segment;
      const sizeBytes = await world.runUntil(file.sizeBytes());
      if (policy !== "always") expect(sizeBytes).toBe(sealedBytes);
      const behind = await world.runUntil(file.read(sealedBytes, sizeBytes));
      expect(behind.every((byte) => byte === 0)).toBe(true); // written ahead
      expect(await reopened(world)).toEqual(log.rows);
    },
  );

  test("zeros are ahead of what is awaited, and behind nothing that is over", async () => {
    const { world, log } = await openLog({ policy: "always" });
    const sizeOf = (path: string): number => world.disk("a").tree.open(path, false).length;
    await world.runUntil(log.putDurably("a", "1"));
    const sizeBytes = sizeOf(FIRST_FILE);
    expect(sizeBytes).toBeGreaterThan(log.memtables[0]!.segment.sealedBytes);
    await world.runUntil(log.putDurably("b", "1"));
    expect(sizeOf(FIRST_FILE)).toBe(sizeBytes);
    log.rotate();
    await world.runUntil(log.putDurably("c", "1"));
    world.crash("a");
    expect(sizeOf(FIRST_FILE)).toBe(log.memtables[0]!.segment.sealedBytes);
    expect(await reopened(world)).toEqual(log.rows);
  });

  test("a file whose zeros cannot be cut off is tried again, and the next one waits", async () => {
    const { world, log } = await openLog({ policy: "always" });
    await world.runUntil(log.putDurably("a", "1"));
    let failures = 0;
    const failing = new Set(["truncate", "sync"]);
    world.disk("a").intercept = ({ kind }) => (failing.delete(kind) && ++failures > 0 ? "EIO" : undefined);
    log.rotate();
    log.put("b", "1");
    await world.runFor(3000);
    expect(failures).toBe(2);
    expect(log.notes).toEqual([expect.stringMatching(/^trouble: /), "recovery"]);
    world.crash("a");
    const { length } = world.disk("a").tree.open(FIRST_FILE, false);
    expect(length).toBe(log.memtables[0]!.segment.sealedBytes);
    expect(await reopened(world)).toEqual(log.rows);
  });

  test("after a failed sync the file is written anew: what the system dropped is not taken for durable", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, log } = await openLog({ policy: "always" }, new SimWorld(seed));
      await world.runUntil(log.putDurably("a", "1"));
      let failures = 0;
      world.disk("a").intercept = ({ kind, path }) => {
        if (kind !== "sync" || failures > 0) return undefined;
        failures++;
        // As Linux does: the pages are clean now, and gone.
        const file = world.disk("a").tree.open(path, false);
        file.truncate(file.length - 12);
        file.append(new Uint8Array(12));
        return "EIO";
      };
      log.put("b", "1");
      await expect(world.runUntil(log.writer.durable()!)).rejects.toMatchObject({ outcome: "unknown" });
      await world.runFor(1100);
      await world.runUntil(log.putDurably("c", "1"));
      expect(await reopened(world, { crash: true })).toEqual(log.rows);
    }
  });

  test("a file that has lost its end, or is gone, is written anew when it is next looked at", async () => {
    for (const lostBytes of [1, 100, Number.POSITIVE_INFINITY]) {
      const { world, log } = await openLog({ policy: "always" });
      await world.runUntil(log.putDurably("a", "x".repeat(200)));
      const file = world.disk("a").tree.open(FIRST_FILE, false);
      file.truncate(Math.max(0, file.length - lostBytes));
      let failures = 0;
      world.disk("a").intercept = ({ kind }) => (kind === "append" && failures++ === 0 ? "EIO" : undefined);
      log.put("b", "1");
      await world.runFor(1100);
      expect(await reopened(world, { crash: true })).toEqual(log.rows);
    }
  });

  test("the name of a new file is durable before its rows are told to be", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, log } = await openLog({ policy: "always" }, new SimWorld(seed));
      await world.runUntil(log.putDurably("a", "1"));
      log.rotate();
      await world.runUntil(log.putDurably("b", "1"));
      expect(await reopened(world, { crash: true })).toEqual(log.rows);
    }
  });

  test("to close a log that cannot be written rejects, in the end, and keeps nobody waiting", async () => {
    const { world, log } = await openLog({ policy: "everysec" });
    world.disk("a").intercept = ({ kind }) => (kind === "append" ? "EIO" : undefined);
    log.put("a", "1");
    log.rotate();
    const discarded = log.writer.discard(1);
    const closed = log.writer.close();
    await expect(world.runUntil(closed)).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
    await world.runUntil(discarded);
  });

  test("to close a log that could not be written, but can now, is fine", async () => {
    const { world, log } = await openLog({ policy: "everysec" });
    world.disk("a").intercept = ({ kind }) => (kind === "append" ? "EIO" : undefined);
    log.put("a", "1");
    await world.runFor(100);
    expect(log.writer.refusal).toBeDefined();
    world.disk("a").intercept = undefined;
    await world.runUntil(log.writer.close());
    expect(await reopened(world, { crash: true })).toEqual(new Map([["a", "1"]]));
  });
});

test.each(["always", "everysec", "no"] as const)("a closed log is durable, under %s", async (policy) => {
  const { world, log } = await openLog({ policy });
  for (let i = 0; i < 10; i++) log.put(`key ${i}`, "x".repeat(9000));
  await world.runUntil(log.writer.close());
  expect(log.memtables.length).toBeGreaterThan(1);
  expect(await reopened(world, { crash: true })).toEqual(log.rows);
});

test("an idle log can be closed, and leaves no file", async () => {
  const { world, log } = await openLog({ policy: "always" });
  await world.runUntil(log.writer.close());
  expect(world.disk("a").paths).toEqual([]);
});

test("a segment is discarded when its file is complete, and not before", async () => {
  const { world, log } = await openLog({ policy: "everysec" });
  log.put("a", "1");
  log.rotate();
  log.put("b", "1");
  await world.runUntil(log.writer.discard(1));
  await world.runFor(100);
  expect(world.disk("a").paths).toEqual([`${DIRECTORY}/000002.log`]);
  const rest = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "always", firstNumber: 2 }));
  expect(rest.rows).toEqual(new Map([["b", "1"]]));
});

test("a segment that never had a row has a file all the same: numbers have no gap", async () => {
  const { world, log } = await openLog({ policy: "always" });
  log.rotate();
  log.rotate();
  await world.runUntil(log.putDurably("a", "1"));
  expect(world.disk("a").paths).toHaveLength(3);
  expect(await reopened(world)).toEqual(new Map([["a", "1"]]));
});

test("a row larger than a segment has one of its own", async () => {
  const { world, log } = await openLog({ policy: "always", segmentBytes: 1000 });
  await world.runUntil(log.putDurably("a", "1"));
  await world.runUntil(log.putDurably("large", "x".repeat(100_000)));
  await world.runUntil(log.putDurably("b", "1"));
  expect(log.memtables).toHaveLength(3);
  expect(await reopened(world, { crash: true })).toEqual(log.rows);
});
