/** What a client may do to its own connection and to others: tested over real sockets. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunningServer } from "../src/server/server.ts";
import { startKvorum } from "./support/kvorum-peer.ts";
import { type Call, RawClient } from "./support/raw-client.ts";

let server: RunningServer;
let client: RawClient;
let other: RawClient;

beforeEach(async () => {
  server = await startKvorum();
  [client, other] = await Promise.all([RawClient.connect(server.port), RawClient.connect(server.port)]);
});

afterEach(async () => {
  client.close();
  other.close();
  await server.close();
});

async function say(speaker: RawClient, ...call: Call): Promise<string> {
  return (await speaker.call(...call)).toString("latin1");
}

function hangsUp(speaker: RawClient): Promise<void> {
  return expect(speaker.call("PING")).rejects.toThrow("closed the connection");
}

async function field(name: string): Promise<string | undefined> {
  return new RegExp(`${name}:([^\r]*)`).exec(await say(client, "INFO", "everything"))?.[1];
}

test("HELLO 3 is answered in RESP3 already, and RESET in RESP2", async () => {
  expect(await say(client, "HELLO", "3", "SETNAME", "bob")).toMatch(/^%7\r\n/);
  expect(await say(client, "CLIENT", "GETNAME")).toBe("$3\r\nbob\r\n");
  expect(await say(client, "RESET")).toBe("+RESET\r\n");
  expect(await say(client, "CLIENT", "GETNAME")).toBe("$-1\r\n");
});

test("RESET takes back database, protocol, name, reply mode and authentication", async () => {
  await client.send([
    ["HELLO", "3"],
    ["SELECT", "5"],
    ["CLIENT", "SETNAME", "bob"],
    ["CLIENT", "NO-TOUCH", "ON"],
  ]);
  await say(client, "CONFIG", "SET", "requirepass", "secret");
  await say(client, "RESET");
  expect(await say(client, "PING")).toBe("-NOAUTH Authentication required.\r\n");
  await say(client, "AUTH", "secret");
  expect(await say(client, "CLIENT", "INFO")).toMatch(/ name= .* flags=N db=0 .* resp=2 /);
});

test("a password is asked of new clients only, and taking it away lets everybody in", async () => {
  await say(client, "CONFIG", "SET", "requirepass", "secret");
  expect(await say(other, "PING")).toBe("+PONG\r\n");
  const late = await RawClient.connect(server.port);
  expect(await say(late, "PING")).toBe("-NOAUTH Authentication required.\r\n");
  expect(await say(late, "HELLO", "3")).toMatch(/^-NOAUTH HELLO must be called/);
  expect(await say(late, "AUTH", "wrong")).toMatch(/^-WRONGPASS/);
  await say(client, "CONFIG", "SET", "requirepass", "");
  expect(await say(late, "PING")).toBe("+PONG\r\n");
  late.close();
});

test("no secret gets into the slow log", async () => {
  await say(client, "CONFIG", "SET", "slowlog-log-slower-than", "0");
  await client.send([
    ["CONFIG", "SET", "timeout", "0", "RequirePass", "s3cret"],
    ["AUTH", "s3cret"],
    ["AUTH", "default", "s3cret"],
    ["HELLO", "2", "SETNAME", "AUTH", "AUTH", "default", "s3cret"],
    ["CONFIG", "SET", "requirepass", ""],
  ]);
  const log = await say(client, "SLOWLOG", "GET", "-1");
  expect(log).not.toContain("s3cret");
  expect(log).toContain("(redacted)");
  expect(log).toContain("timeout");
});

test("CLIENT REPLY leaves out replies: all, or the next", async () => {
  const replies = await client.sendBytes(
    Buffer.from(
      "CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\nCLIENT REPLY OFF\r\nSET a 2\r\nCLIENT REPLY SKIP\r\nbogus\r\nbogus\r\nCLIENT REPLY ON\r\nGET a\r\n",
    ),
    3,
  );
  expect(replies.map(String)).toEqual(["$1\r\n1\r\n", "+OK\r\n", "$1\r\n2\r\n"]);
});

test("CLIENT KILL closes another connection and forgets it at once", async () => {
  const id = /:(\d+)/.exec(await say(other, "CLIENT", "ID"))![1]!;
  const [killed, listed] = await client.send([
    ["CLIENT", "KILL", "ID", id],
    ["CLIENT", "LIST", "ID", id],
  ]);
  expect(String(killed)).toBe(":1\r\n");
  expect(String(listed)).toBe("$0\r\n\r\n");
  await hangsUp(other);
  expect(await field("connected_clients")).toBe("1");
});

test("CLIENT KILL of one's own connection is answered first", async () => {
  const address = / addr=(\S+)/.exec(await say(client, "CLIENT", "INFO"))![1]!;
  expect(await say(client, "CLIENT", "KILL", address)).toBe("+OK\r\n");
  await hangsUp(client);
  const id = /:(\d+)/.exec(await say(other, "CLIENT", "ID"))![1]!;
  expect(await say(other, "CLIENT", "KILL", "ID", id)).toBe(":0\r\n");
  expect(await say(other, "CLIENT", "KILL", "ID", id, "SKIPME", "no")).toBe(":1\r\n");
  await hangsUp(other);
});

test("CLIENT PAUSE WRITE holds writes, not reads, until CLIENT UNPAUSE", async () => {
  await say(client, "CLIENT", "PAUSE", "100000", "WRITE");
  const held = say(other, "SET", "a", "1");
  while ((await field("blocked_clients")) !== "1") expect(await say(client, "GET", "a")).toBe("$-1\r\n");
  await say(client, "CLIENT", "UNPAUSE");
  expect(await held).toBe("+OK\r\n");
  expect(await say(client, "GET", "a")).toBe("$1\r\n1\r\n");
  expect(await field("blocked_clients")).toBe("0");
});

test("a client killed while its request is held leaves nothing behind", async () => {
  await say(client, "CLIENT", "PAUSE", "100000", "WRITE");
  const held = expect(other.call("SET", "a", "1")).rejects.toThrow("closed the connection");
  while ((await field("blocked_clients")) !== "1");
  await say(client, "CLIENT", "KILL", "SKIPME", "yes", "TYPE", "normal");
  await held;
  await say(client, "CLIENT", "UNPAUSE");
  expect(await say(client, "GET", "a")).toBe("$-1\r\n");
});

test("DEBUG SLEEP keeps nobody else waiting", async () => {
  const order: string[] = [];
  const asleep = say(client, "DEBUG", "SLEEP", "0.05").then(() => order.push("asleep"));
  await say(other, "PING").then(() => order.push("awake"));
  await asleep;
  expect(order).toEqual(["awake", "asleep"]);
});

test("CLIENT LIST tells the libraries at the other ends", async () => {
  await client.send([
    ["CLIENT", "SETINFO", "LIB-NAME", "ioredis"],
    ["CLIENT", "SETINFO", "lib-ver", "5.11.1"],
  ]);
  expect(await say(other, "CLIENT", "LIST")).toContain(" lib-name=ioredis lib-ver=5.11.1\n");
  expect(await say(client, "CLIENT", "SETINFO", "lib-ver", "a b")).toBe(
    "-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n",
  );
  expect(await say(client, "CLIENT", "SETINFO", "bogus", "x")).toBe("-ERR Unrecognized option 'bogus'\r\n");
});

test("QUIT is answered, and what follows it is not", async () => {
  const [reply] = await client.sendBytes(Buffer.from("QUIT\r\nSET a 1\r\n"), 1);
  expect(String(reply)).toBe("+OK\r\n");
  await hangsUp(client);
  expect(await say(other, "GET", "a")).toBe("$-1\r\n");
});

test.each(["POST / HTTP/1.1\r\n", "Host: localhost\r\n"])("a web request is hung up on: %j", async (line) => {
  await expect(client.sendBytes(Buffer.from(`${line}SET a 1\r\n`), 1)).rejects.toThrow("closed");
  expect(await say(other, "GET", "a")).toBe("$-1\r\n");
});

test("SHUTDOWN closes every connection and the server, without a reply", async () => {
  await expect(client.call("SHUTDOWN", "NOSAVE")).rejects.toThrow("closed the connection");
  await hangsUp(other);
  await server.closed;
});
