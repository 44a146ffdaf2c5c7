import { expect, test } from "vitest";
import { NODE, serving } from "../../../test/support/answering-server.ts";
import { CollectedOutput } from "../../../test/support/collected-output.ts";
import { SettingsError } from "../settings-loader.ts";
import { type HotKeysWords, hotKeys } from "./hot-keys.ts";

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const STATUS = bulk(
  JSON.stringify({ clusterId: "c", epoch: 1, self: "a", members: [], keyspaces: [], move: null }),
);

/** Asks a node that answers KV.HOTKEYS like this. */
async function asking(reply: string, words: HotKeysWords = {}, status = STATUS) {
  const sinks = new CollectedOutput();
  let asked = "";
  const { world } = await serving({
    reply: (_, words) => {
      if (words[0] !== "KV.HOTKEYS") return status;
      asked = words.join(" ");
      return reply;
    },
  });
  const exitCode = await world.runUntil(
    hotKeys(world.runtime("person").network, { node: { ...NODE, password: undefined }, words }, sinks),
  );
  return { output: sinks.output, errors: sinks.errors, asked, exitCode };
}

const ANSWER = JSON.stringify({
  windowMs: 60_000,
  keys: [
    { key: "cart:1", slot: 7, perSecond: 12_345.6, share: 0.4, error: 0, keyEncoding: "utf8" },
    { key: "a\nb", slot: 16_000, perSecond: 1.25, share: 0.001, error: 0, keyEncoding: "utf8" },
  ],
});

test("hot keys come with their rate and share", async () => {
  const { output, exitCode, asked } = await asking(bulk(ANSWER), { by: "writes", count: "5" });
  expect(exitCode).toBe(0);
  expect(asked).toBe("KV.HOTKEYS BY writes COUNT 5");
  expect(output).toBe(
    [
      "Keys by writes at this node in the last 1m 0s; shares are of all writes here.",
      "",
      "writes/s  share   slot  key",
      '  12,346  40.0%      7  "cart:1"',
      '     1.3   0.1%  16000  "a\\nb"',
      "",
    ].join("\n"),
  );
  expect((await asking(bulk(ANSWER), { json: true })).output).toBe(`${ANSWER}\n`);
});

test("a node that does not count them is told from a stranger", async () => {
  const lacking = await asking("-ERR unknown command 'KV.HOTKEYS', with args\r\n");
  expect(lacking).toMatchObject({ exitCode: 1, output: "" });
  expect(lacking.errors).toContain("kvorum: no hot keys: this node does not count them");
  const stranger = await asking("-ERR unknown command\r\n", {}, "-ERR unknown command\r\n");
  expect(stranger.errors).toContain("what listens there is no node of Kvorum");
});

test("words that are none are refused", async () => {
  await expect(asking("", { by: "size" })).rejects.toThrow(SettingsError);
  await expect(asking("", { count: "0" })).rejects.toThrow(/--count must be/);
});
