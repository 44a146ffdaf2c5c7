/** More connections than the process may have open: each is served or told why not, and the node lives on. */
import { afterEach, expect, test } from "vitest";
import { HostileClient } from "./support/hostile-client.ts";
import { ask, RunningKvorum } from "./support/running-kvorum.ts";

const OPEN_FILES_MAX = 400;
const CLIENTS_MAX = 300;

let kvorum: RunningKvorum | undefined;

afterEach(async () => {
  kvorum?.signal("SIGKILL");
  await kvorum?.end();
});

test("where few files may be open, as many clients are served, and the others are refused with a word", async () => {
  kvorum = new RunningKvorum(["serve", "--port", "0"], { openFilesMax: OPEN_FILES_MAX });
  const port = await kvorum.ready();
  await kvorum.said(/fewer clients than asked for/);
  const clients = await HostileClient.connectMany(port, CLIENTS_MAX);
  for (const client of clients) void client.send("PING\r\n");
  for (const client of clients) expect((await client.receive(7)).toString()).toBe("+PONG\r\n");
  for (const client of await HostileClient.connectMany(port, 50)) {
    expect(await client.rest()).toBe("-ERR max number of clients reached\r\n");
  }
  clients[0]!.end();
  expect(await clients[0]!.rest()).toBe("");
  expect(await ask(port, "PING")).toBe("+PONG\r\n");
  for (const client of clients) client.breakOff();
});
