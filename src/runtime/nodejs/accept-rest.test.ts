import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AcceptRest, restAfterFailures } from "./accept-rest.ts";

const failure = new Error("accept ENOBUFS");
let server: Server;
let address: { host: string; port: number };
let rest: AcceptRest;
let failures: Error[];

beforeEach(async () => {
  server = createServer((socket) => socket.end("hello"));
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  failures = [];
  rest = restAfterFailures(server, address, (cause) => failures.push(cause));
});

afterEach(() => rest.end());

/** What a client is told, or why it is not. */
async function visit(): Promise<string> {
  const socket = connect(address);
  try {
    const [chunk] = await once(socket, "data");
    return String(chunk);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code!;
  } finally {
    socket.destroy();
  }
}

test("a server that cannot accept rests, and listens again where it did", async () => {
  expect(await visit()).toBe("hello");
  server.emit("error", failure);
  const listening = once(server, "listening");
  expect(server.listening).toBe(false);
  expect(await visit()).toBe("ECONNREFUSED");
  await listening;
  expect(await visit()).toBe("hello");
  expect(failures).toEqual([failure]);
});

test("a rest is not begun within a rest, though every failure is told", async () => {
  for (let i = 0; i < 3; i++) server.emit("error", failure);
  await once(server, "listening");
  expect(failures).toHaveLength(3);
  expect(await visit()).toBe("hello");
});

test("where another has taken its place meanwhile, it rests until that is free again", async () => {
  server.emit("error", failure);
  const other = createServer().listen(address);
  await once(other, "listening");
  const taken = once(server, "error");
  expect(((await taken)[0] as NodeJS.ErrnoException).code).toBe("EADDRINUSE");
  const listening = once(server, "listening");
  other.close();
  await listening;
  expect(await visit()).toBe("hello");
});

test("what has ended listens no more", async () => {
  server.emit("error", failure);
  rest.end();
  server.emit("error", failure);
  expect(server.listening).toBe(false);
  expect(await visit()).toBe("ECONNREFUSED");
});
