/** The rules of tidy.test.ts must catch what they are for, and nothing else. */
import { expect, test } from "vitest";
import { BANS, breaches } from "./bans.ts";
import { upwardImports } from "./floors.ts";
import { findCycle, parseSource } from "./source-file.ts";

const bans = (path: string, text: string) => BANS.flatMap((ban) => breaches(parseSource(path, text), ban));

test.each([
  ["src/ring/slot.ts", 'import { x } from "../storage/engine.ts";'],
  ["src/ring/slot.ts", 'import type { X } from "../causality/cell.ts";'],
  ["src/storage/memory/arena.ts", 'export { x } from "../../node/settings.ts";'],
  ["src/node/node.ts", 'const x = await import("../server/server.ts");'],
  ["src/client/client.ts", 'import { x } from "../storage/engine.ts";'],
  ["src/kvorum.ts", 'import { main } from "./cli/main.ts";'],
  ["src/attic/box.ts", ""],
])("%s may not contain %s", (path, text) => {
  expect(upwardImports(parseSource(path, text))).toHaveLength(1);
});

test.each([
  ["src/storage/memory/arena.ts", 'import { x } from "../../base/bytes.ts";\nimport { y } from "./page.ts";'],
  ["src/client/client.ts", 'import { slotOf } from "../ring/slot.ts";'],
  ["src/kvorum.ts", 'import { startServer } from "./server/start-server.ts";'],
  ["src/base/bytes.ts", '// import { x } from "../node/node.ts";'],
])("%s may contain %s", (path, text) => {
  expect(upwardImports(parseSource(path, text))).toEqual([]);
});

test.each([
  "const now = Date.now();",
  "const now = new Date();",
  "const now = performance.now();",
  "setTimeout(tick, 1);",
  "AbortSignal.timeout(5);",
  "const n = Math.random();",
  'import { randomUUID } from "node:crypto";',
  'import { readFileSync } from "node:fs";',
  'import { readFile } from "node:fs/promises";',
  'import { connect } from "net";',
  'const { Worker } = await import("node:worker_threads");',
  'import { cpus } from "node:os";',
  "const debug = process.env.DEBUG;",
  "const { env } = process;",
  'console.log("hello");',
  `const text = \`at \${Date.now()}\`;`,
])("%s has no place in the core", (text) => {
  expect(bans("src/replication/core.ts", text)).toHaveLength(1);
});

test.each([
  ["src/runtime/nodejs/clock.ts", "return Date.now();"],
  ["src/cli/main.ts", "const { env } = process;"],
  ["src/storage/arena.test.ts", 'import { tmpdir } from "node:os";'],
  ["src/replication/core.ts", "// Not Date.now(): it may jump."],
  ["src/replication/core.ts", "/* no setTimeout,\n no Math.random */"],
  ["src/replication/core.ts", 'throw new Error("the process.exit was early; use setTimeout");'],
  ["src/replication/core.ts", "const date = new Date(wallMs);"],
  ["src/replication/core.ts", 'const flags = ["cluster", "fs"];'],
  ["src/replication/core.ts", 'const url = "http://x"; const clock = y;'],
])("%s may say %s", (path, text) => {
  expect(bans(path, text)).toEqual([]);
});

test("tests beside the code are held to deterministic time, too", () => {
  expect(bans("src/storage/arena.test.ts", "await new Promise((r) => setTimeout(r, 5));")).toHaveLength(1);
});

test("a circle of imports is found, and told as a path", () => {
  const a = parseSource("src/x/a.ts", 'import { b } from "./b.ts";');
  const b = parseSource("src/x/b.ts", 'import type { C } from "../y/c.ts";');
  const c = parseSource("src/y/c.ts", 'import "../x/a.ts";');
  expect(findCycle([a, b, c])).toEqual(["src/x/a.ts", "src/x/b.ts", "src/y/c.ts", "src/x/a.ts"]);
  expect(findCycle([a, b])).toBeUndefined();
});
