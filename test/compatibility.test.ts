/** docs/redis-compatibility.md is true: what it says of each command fits the command table and Redis's own list. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CommandDescription } from "../src/server/command.ts";
import { createCommandTable } from "../src/server/commands.ts";
import { ROOT } from "./source-file.ts";
import { RawClient } from "./support/raw-client.ts";
import { redisAbsence, startRedis } from "./support/redis-peer.ts";

interface Row {
  readonly name: string;
  readonly state: string;
  readonly remarks: string;
}

const page = readFileSync(join(ROOT, "docs/redis-compatibility.md"), "utf8");
const rows: readonly Row[] = [...page.matchAll(/^\| `([^`]+)` \| (\w+) \|(.*)\|$/gm)].map((match) => ({
  name: match[1]!.toLowerCase().replace(" ", "|"),
  state: match[2]!,
  remarks: match[3]!.trim(),
}));
const documented = new Map(rows.map((row) => [row.name, row]));

const present: ReadonlyMap<string, CommandDescription> = new Map(
  createCommandTable()
    .items.flatMap((item) =>
      item.kind === "command" ? [item.entry.command] : [item.container, ...item.container.subcommands],
    )
    .map((command) => [command.name, command]),
);

/** A command that is there to say why it does nothing. */
function refuses(command: CommandDescription): boolean {
  return command.summary.startsWith("Refuses");
}

test("no command has two rows, and each state is one of four", () => {
  expect(documented.size).toBe(rows.length);
  expect(rows.filter(({ state }) => !["yes", "partly", "planned", "never"].includes(state))).toEqual([]);
});

test("what is partly or never there has a reason", () => {
  const bare = rows.filter(
    ({ state, remarks }) => (state === "partly" || state === "never") && remarks === "",
  );
  expect(bare).toEqual([]);
});

test("what is there in full or in part is in the command table", () => {
  const claimed = rows.filter(({ state }) => state === "yes" || state === "partly");
  expect(claimed.filter(({ name }) => !present.has(name)).map(({ name }) => name)).toEqual([]);
});

test("what is planned or never there is unknown, or refused", () => {
  const denied = rows.filter(({ state }) => state === "planned" || state === "never");
  const working = denied.filter(({ name }) => present.has(name) && !refuses(present.get(name)!));
  expect(working.map(({ name }) => name)).toEqual([]);
});

test("every command of the table has a row", () => {
  expect([...present.keys()].filter((name) => !documented.has(name))).toEqual([]);
});

describe.skipIf(redisAbsence !== undefined)("like Redis 7.0", () => {
  test("every command of Redis has a row", async () => {
    const redis = await startRedis();
    const client = await RawClient.connect(redis.port);
    const names = [...(await client.call("COMMAND", "LIST")).toString().matchAll(/^\$\d+\r\n(.*)\r$/gm)];
    client.close();
    await redis.close();
    expect(names.length).toBeGreaterThan(300);
    expect(names.map((match) => match[1]!).filter((name) => !documented.has(name))).toEqual([]);
  });
});
