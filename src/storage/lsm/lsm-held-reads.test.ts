/** Reads of tables that take so long that what they give is not the newest any more: whoever acts on it looks again. */
import { expect, test } from "vitest";
import { replacing } from "../../../test/support/replacing.ts";
import { toText } from "../../base/bytes.ts";
import type { Disk, DiskFile, OnRead, Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { expectExact, openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

/** While there is a gate, reads of the tables that were there when it was set wait for it. */
class Gate {
  #opened: Promise<void> | undefined;
  #open: () => void = () => undefined;
  #held = new Set<string>();
  heldCount = 0;

  shut(paths: readonly string[]): void {
    this.#held = new Set(paths.filter((path) => path.endsWith(".sst")));
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#opened = undefined;
    this.#open();
  }

  async pass(path: string): Promise<void> {
    if (this.#opened === undefined || !this.#held.has(path)) return;
    this.heldCount++;
    await this.#opened;
  }

  guard(runtime: Runtime): Runtime {
    const { disk } = runtime;
    const open: Disk["open"] = async (path, options) => {
      const file = await disk.open(path, options);
      const read: DiskFile["read"] = (offset, length) =>
        this.pass(path).then(() => file.read(offset, length));
      const borrow = (offset: number, length: number, onRead: OnRead): void =>
        void this.pass(path).then(() => file.borrow(offset, length, onRead));
      return replacing(file, { read, borrow, readQuickly: () => undefined });
    };
    return { ...runtime, disk: replacing(disk, { open }) };
  }
}

const payload = (text: string): string => text.padEnd(300, ".");

/**
 * Lets `act` begin while reads of all tables are held back; meanwhile the row "k" is put, and is in a new table before
 * they go on.
 */
async function putMeanwhile(
  act: (engine: LsmEngine) => Promise<unknown>,
  expiresAtMs?: number,
): Promise<string | undefined> {
  const old = simpleCell(payload("old"), expiresAtMs);
  const world = new SimWorld(1);
  const gate = new Gate();
  const runtime = gate.guard(world.runtime("a"));
  const run = async (): Promise<string | undefined> => {
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no", cacheBytes: 0 });
    await overwrite(engine, simpleKey("k"), old);
    for (let i = 0; i < 20; i++) await overwrite(engine, simpleKey(`${i}`), simpleCell(payload("other")));
    (await engine.flush()).release();
    gate.shut(world.disk("a").paths);
    const acting = act(engine);
    await runtime.clock.sleep(100);
    expect(gate.heldCount).toBeGreaterThan(0);
    void engine.put(simpleKey("k"), simpleCell(payload("mid")), old);
    (await engine.flush()).release();
    gate.open();
    await acting;
    await expectExact(engine);
    const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
    const isThere = await engine.get(simpleKey("k"), into);
    await engine.close();
    return isThere ? toText(into.bytes.subarray(into.start + 8, into.end)).replace(/\.+$/, "") : undefined;
  };
  return world.runUntil(run());
}

test("a merge that has read an old version merges with the one that came meanwhile, though that is in a table", async () => {
  expect(await putMeanwhile(async (engine) => engine.merge(simpleKey("k"), simpleCell(payload("zz"))))).toBe(
    "zz",
  );
  expect(await putMeanwhile(async (engine) => engine.merge(simpleKey("k"), simpleCell(payload("maz"))))).toBe(
    "mid",
  );
});

test("a row that is forgotten unread takes out the version that came meanwhile", async () => {
  const forget = async (engine: LsmEngine): Promise<unknown> => engine.put(simpleKey("k"), simpleCell("", 1));
  expect(await putMeanwhile(forget)).toBeUndefined();
});

test("a clear of a database takes out the version that came meanwhile", async () => {
  expect(await putMeanwhile((engine) => engine.clear(0))).toBeUndefined();
});

test("a sweep does not drop what came meanwhile", async () => {
  const sweep = async (engine: LsmEngine): Promise<unknown> => engine.dropExpired(2e13, 1000);
  expect(await putMeanwhile(sweep, 1e13)).toBe("mid");
});
