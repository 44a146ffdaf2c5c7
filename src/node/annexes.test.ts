/** Keyspaces in memory beside rows on disk, in a simulated world where the node is killed. */
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { silentLogger } from "../base/logger.ts";
import { NEVER } from "../causality/cell.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MerkleSummary } from "../storage/lsm/table/merkle-summary.ts";
import { databaseOfRow, OWN_DATABASE } from "../storage/row-key.ts";
import { cellTraits, clusterRules } from "./cell-rules.ts";
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
const IN_MEMORY = { storage: "memory" } as const;

class Bench {
  readonly world: SimWorld;
  node!: StorageNode;

  constructor(seed: string) {
    this.world = new SimWorld(seed);
  }

  /** As a replica among others, whose deletions stay, if `rules` say so. */
  async start(rules?: typeof clusterRules): Promise<void> {
    const opening = openNode(this.world.runtime("a"), settings, silentLogger, { rules });
    this.node = await this.world.runUntil(opening);
  }

  async set(keys: readonly string[], value: string): Promise<void> {
    const { clock } = this.world.runtime("a");
    const setAll = async (): Promise<void> => {
      for (const key of keys) {
        await this.node.replica.update({ database: 0, key: utf8(key) }, clock.wallMs(), () => ({
          reply: undefined,
          change: value === "" ? { kind: "delete" } : { kind: "put", value: utf8(value), expiresAtMs: NEVER },
        }));
      }
      await this.node.durable();
    };
    await this.world.runUntil(setAll());
  }

  async get(key: string): Promise<string | undefined> {
    const options = { wallMs: this.world.runtime("a").clock.wallMs(), touch: false };
    const read = async (): Promise<string | undefined> =>
      this.node.replica.read({ database: 0, key: utf8(key) }, options, ({ value }) =>
        value === undefined ? undefined : Buffer.from(value).toString(),
      );
    return await this.world.runUntil(read());
  }

  async keep(name: string, wish: { storage: "memory" | "disk" }): Promise<void> {
    await this.world.runUntil(this.node.keyspaces.set(name, wish));
  }

  /** Lets rows get to where they shall be. */
  async settle(): Promise<void> {
    await this.world.runFor(50);
    for (let i = 0; this.node.engine.isCarrying && i < 500; i++) await this.world.runFor(20);
    await this.world.runFor(200); // and the list of them to its file
    expect(this.node.engine.isCarrying).toBe(false);
  }

  /** On disk, and in memory beside it; the sums are those of all of them. */
  async rows(): Promise<{ readonly disk: number; readonly annexes: number }> {
    const { engine } = this.node;
    const summary = new MerkleSummary();
    const scanAll = async (): Promise<void> => {
      const rows = engine.scan(new Uint8Array(0), undefined);
      while (await rows.next()) {
        if (databaseOfRow(rows.key.bytes, rows.key.start) !== OWN_DATABASE)
          summary.addRow(rows.key, rows.cell, cellTraits);
      }
    };
    await this.world.runUntil(scanAll());
    expect(summary.equals(engine.merkleSummary!(0, 16_384))).toBe(true);
    return {
      disk: engine.main.counts(0).rows,
      annexes: engine.annexes().reduce((sum, { rows }) => sum + rows, 0),
    };
  }

  async restart(rules?: typeof clusterRules): Promise<void> {
    await this.world.runUntil(this.node.close());
    await this.start(rules);
    await this.settle();
  }
}

const SESSIONS = Array.from({ length: 1500 }, (_, i) => `sessions:${i}`);
const USERS = Array.from({ length: 300 }, (_, i) => `users:${i}`);

test("a keyspace declared to be in memory leaves the disk with all its rows; after a restart they are gone, and no others", async () => {
  const bench = new Bench("declared");
  await bench.start();
  await bench.set([...SESSIONS, ...USERS], "1");
  await bench.keep("sessions", IN_MEMORY);
  await bench.set(SESSIONS.slice(0, 700), "2");
  await bench.set(SESSIONS.slice(600, 800), "");
  await bench.settle();
  expect(await bench.rows()).toEqual({ disk: 300, annexes: 1300 });
  expect(await bench.get("sessions:1")).toBe("2");
  expect(await bench.get("sessions:650")).toBeUndefined();
  expect(await bench.get("sessions:1499")).toBe("1");
  bench.world.crash("a");
  await bench.start();
  await bench.settle();
  expect(await bench.rows()).toEqual({ disk: 300, annexes: 0 });
  await bench.set(["sessions:1"], "3");
  expect(await bench.rows()).toEqual({ disk: 300, annexes: 1 });
  await bench.restart();
  expect(await bench.get("sessions:1")).toBeUndefined();
  expect(await bench.get("users:1")).toBe("1");
});

test("rows that had not left the disk when the node was killed do so afterwards", async () => {
  const bench = new Bench("half way");
  await bench.start();
  await bench.set([...SESSIONS, ...USERS], "1");
  await bench.keep("sessions", IN_MEMORY);
  await bench.world.runFor(3);
  const { disk, annexes } = await bench.rows();
  expect([disk > 300, annexes > 0, disk + annexes]).toEqual([true, true, 1800]);
  bench.world.crash("a");
  await bench.start();
  await bench.settle();
  const after = await bench.rows();
  expect(after.disk).toBe(300);
  expect(after.annexes).toBeGreaterThanOrEqual(disk - 300);
});

test("a keyspace that is to be on disk again, or is dropped, gets there with all its rows", async () => {
  const bench = new Bench("back");
  await bench.start();
  await bench.keep("sessions", IN_MEMORY);
  await bench.settle();
  await bench.set(SESSIONS, "1");
  expect(await bench.rows()).toEqual({ disk: 0, annexes: 1500 });
  await bench.keep("sessions", { storage: "disk" });
  await bench.set(SESSIONS.slice(0, 100), "2");
  await bench.settle();
  expect(await bench.rows()).toEqual({ disk: 1500, annexes: 0 });
  await bench.keep("sessions", IN_MEMORY);
  await bench.set(SESSIONS.slice(100, 200), "3");
  await bench.world.runUntil(bench.node.keyspaces.drop("sessions"));
  await bench.restart(); // which waits for rows that are on their way to the disk
  expect(await bench.rows()).toEqual({ disk: 1500, annexes: 0 });
  expect([await bench.get("sessions:1"), await bench.get("sessions:150")]).toEqual(["2", "3"]);
});

test("a replica whose rows were in memory goes on as another actor, who never wrote them", async () => {
  const bench = new Bench("actor");
  await bench.start(clusterRules);
  const { actor } = bench.node;
  await bench.restart(clusterRules);
  expect(bench.node.actor).toBe(actor);
  await bench.keep("sessions", IN_MEMORY);
  await bench.settle();
  await bench.restart(clusterRules);
  expect(bench.node.actor).not.toBe(actor);
});
