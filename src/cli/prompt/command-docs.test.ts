import { expect, test } from "vitest";
import { SimServer } from "../../../test/support/sim-server.ts";
import { CommandDocs } from "./command-docs.ts";

async function docs(): Promise<CommandDocs> {
  const server = await new SimServer("docs", "in place").listen();
  const client = await server.client();
  return new CommandDocs((await server.settle(client.call("COMMAND", "DOCS"))) as never);
}

test("words are completed in the case in which they were begun, subcommands too", async () => {
  const known = await docs();
  expect(known.complete("getr")).toEqual([["getrange "], "getr"]);
  expect(known.complete("KV.PU")).toEqual([["KV.PUT "], "KV.PU"]);
  expect(known.complete("client ki")).toEqual([["kill "], "ki"]);
  expect(known.complete("CLIENT LI")).toEqual([["LIST "], "LI"]);
  expect(known.complete("get k")).toEqual([[], "k"]);
  expect(known.complete("zzz")).toEqual([[], "zzz"]);
});

test("how a command is used is told as Redis writes it", async () => {
  const known = await docs();
  expect(known.help("get")).toMatch(/^GET key\n {2}\S.*$/);
  expect(known.help("set")).toMatch(/^SET key value .*\[(NX \| XX|.*NX.*)\]/);
  expect(known.help("mget")).toMatch(/^MGET key \[key \.\.\.\]\n/);
  expect(known.help("config")).toContain("GET");
  expect(known.help("config", "get")).toMatch(/^CONFIG GET parameter/);
  expect(known.help("nothing")).toBeUndefined();
  expect(known.nearest("gte")).toBe("GET");
});
