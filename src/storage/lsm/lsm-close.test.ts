/** An engine is closed while others still use it: they are told so, and what they are given until then is right. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { createNodejsRuntime } from "../../runtime/nodejs/nodejs-runtime.ts";
import type { Background, Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";

const ROWS = 200;
const OPTIONS = { fsync: "no", cacheBytes: 0 } as const;
const CLOSED = { name: "StoreError", code: "CLOSED" };

const noRow = (): ByteRange => ({ bytes: new Uint8Array(0), start: 0, end: 0 });

async function closeUnderUsers(runtime: Runtime, directory: string): Promise<void> {
  const engine = await openSmallEngine(runtime, directory, OPTIONS);
  for (let i = 0; i < ROWS; i++) await overwrite(engine, simpleKey(`${i}`), simpleCell("x".repeat(500)));
  (await engine.flush()).release();
  const [resting, reading, untouched] = [0, 1, 2].map(() => engine.scan(new Uint8Array(0), undefined));
  for (let i = 0; i < 10; i++) expect(await resting!.next()).toBe(true);
  const moment = engine.plain.moment();
  const late = moment.rows(new Uint8Array(0), undefined, true);
  const nextRow = reading!.next();
  expect(nextRow).toBeInstanceOf(Promise);
  const gets = Array.from({ length: ROWS }, (_, i) => engine.get(simpleKey(`${i}`), noRow()));
  const merging = engine.merge(simpleKey("7"), simpleCell("y".repeat(500)));
  const closing = engine.close();
  const [next, merged, ...answers] = await Promise.allSettled([nextRow, merging, ...gets]);
  expect(next).toMatchObject({ status: "rejected", reason: CLOSED });
  for (const answer of answers) {
    if (answer.status === "fulfilled") expect(answer.value).toBe(true);
    else expect(answer.reason).toMatchObject(CLOSED);
  }
  expect(answers.some(({ status }) => status === "fulfilled")).toBe(true);
  await closing;
  for (const rows of [resting!, reading!, untouched!])
    expect(() => rows.next()).toThrow(expect.objectContaining(CLOSED));
  await expect(async () => late.next()).rejects.toMatchObject(CLOSED);
  expect(() => engine.scan(new Uint8Array(0), undefined)).toThrow(expect.objectContaining(CLOSED));
  await expect(async () => engine.get(simpleKey("3"), noRow())).rejects.toMatchObject(CLOSED);
  expect(() => engine.put(simpleKey("3"), simpleCell("z"), simpleCell("x"))).toThrow(
    expect.objectContaining(CLOSED),
  );
  const again = await openSmallEngine(runtime, directory, OPTIONS);
  const row = noRow();
  expect(await again.get(simpleKey("7"), row)).toBe(true);
  const hasMerged = merged!.status === "fulfilled";
  expect(row.bytes[row.end - 1]).toBe((hasMerged ? "y" : "x").charCodeAt(0));
  await again.close();
}

test("those who read and write are told that the engine is closed, on the simulated disk", async () => {
  for (let seed = 0; seed < 4; seed++) {
    const world = new SimWorld(seed);
    await world.runUntil(closeUnderUsers(world.runtime("a"), "/data"));
  }
});

test("those who read and write are told that the engine is closed, on a real disk", async () => {
  const directory = mkdtempSync(join(tmpdir(), "kvorum-close-"));
  const runtime = createNodejsRuntime();
  const background: Background = {
    run: (task, input) => task.run(runtime, input),
    close: () => Promise.resolve(),
  };
  try {
    await closeUnderUsers({ ...runtime, background }, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
