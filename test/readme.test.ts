/** What the README shows is what happens. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./source-file.ts";
import { exchangesOf, hold } from "./support/console-transcript.ts";
import { startKvorum } from "./support/kvorum-peer.ts";
import { RawClient } from "./support/raw-client.ts";
import type { Peer } from "./support/redis-peer.ts";

const run = promisify(execFile);
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

let node: Peer;

beforeAll(async () => {
  node = await startKvorum();
});

afterAll(() => node?.close());

test("redis-cli shows what the README shows", async () => {
  const client = await RawClient.connect(node.port);
  const exchanges = exchangesOf(readme);
  expect(exchanges.length).toBeGreaterThan(5);
  expect(await hold(client, exchanges)).toEqual(exchanges);
  client.close();
});

test("the example in JavaScript runs", async () => {
  const [, example] = /^```js\n(.*?)^```$/ms.exec(readme)!;
  const script = example!.replace("7001", `${node.port}`);
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: ROOT });
  expect(stdout).toBe("{ items: [ 'tea' ] }\n");
});

test("every link leads somewhere", () => {
  const targets = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!);
  expect(targets.length).toBeGreaterThan(5);
  expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
});
