/** The examples of docs/embedded.md run, and print what they say. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../source-file.ts";

const run = promisify(execFile);
const text = readFileSync(join(ROOT, "docs/embedded.md"), "utf8");
const examples = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-doc-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test.each(examples)("example %#", async (example) => {
  const promised = [...example.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1]!);
  expect(promised.length).toBeGreaterThan(0);
  const script = example.replace('"./data"', JSON.stringify(directory));
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: ROOT });
  expect(stdout.trimEnd().split("\n")).toEqual(promised);
});
