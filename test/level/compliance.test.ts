/** abstract-level's own compliance suite, all of it, on real files. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import suite from "abstract-level/test/index.js";
import tape from "tape";
import { afterAll, expect, test } from "vitest";
import { KvorumLevel } from "../../src/embedded/kvorum-level.ts";

/** Files in memory, where there are such: hundreds of stores are opened, each with its syncs. */
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const directory = mkdtempSync(join(parent, "kvorum-level-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Of tape's stream of objects, what is asked about. */
interface Row {
  readonly type: "test" | "assert" | "end";
  readonly name?: string;
  readonly ok?: boolean;
  readonly id?: number;
  readonly test?: number;
  readonly operator?: string;
}

test("the compliance suite of abstract-level passes", async () => {
  const harness = tape.createHarness();
  const names = new Map<number, string>();
  const failures: string[] = [];
  let passed = 0;
  let count = 0;
  const done = new Promise<void>((resolve, reject) => {
    const results = harness.createStream({ objectMode: true });
    results.on("data", (row: Row) => {
      if (row.type === "test") names.set(row.id!, row.name!);
      if (row.type !== "assert") return;
      if (row.ok === true) passed++;
      else failures.push(`${names.get(row.test!)}: ${row.name} (${row.operator})`);
    });
    results.on("end", resolve);
    results.on("error", reject);
  });
  suite({
    test: harness,
    factory: (options: object) => new KvorumLevel(join(directory, `${count++}`), options),
  });
  await done;
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(2000);
}, 240_000);
