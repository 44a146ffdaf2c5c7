/** What users do with a node through a client library, whichever it is, with its default options. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { ServingNode } from "../support/serving-node.ts";

export interface ClientLibrary {
  readonly name: string;
  /** The protocol that it speaks unless told otherwise. */
  readonly protocol: 2 | 3;
  /** What it tells of itself, as CLIENT INFO shows it. */
  readonly introduction: RegExp;
  /** Rejects if the node does not let it in. */
  connect(options: ConnectOptions): Promise<LibraryClient>;
}

export interface ConnectOptions {
  readonly port: number;
  readonly password?: string;
  readonly database?: number;
}

/** One connected client; each method is the library's own way to do what it says. */
export interface LibraryClient {
  set(key: string, value: string): Promise<unknown>;
  setFor(seconds: number, key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
  getMany(keys: string[]): Promise<(string | null)[]>;
  setBytes(key: Buffer, value: Buffer): Promise<unknown>;
  getBytes(key: Buffer): Promise<Buffer | null>;
  /** The number of keys that were there. */
  delete(keys: string[]): Promise<number>;
  increment(key: string): Promise<number>;
  secondsLeft(key: string): Promise<number>;
  /** All keys that match, by the library's iterator if it has one. */
  scan(pattern: string): Promise<string[]>;
  /** Any command, as it would be typed. */
  call(...call: string[]): Promise<unknown>;
  /** The replies in order; refusals are Errors among them. */
  pipeline(calls: string[][]): Promise<unknown[]>;
  /** As `pipeline`, all or nothing; null if a watched key has changed. */
  transaction(calls: string[][]): Promise<unknown[] | null>;
  watch(key: string): Promise<unknown>;
  /** Resolves once it is connected again, after `interrupt` has cut its connection. */
  outlive(interrupt: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const PASSWORD = "geheim";
const MEBIBYTE = 1024 * 1024;

/** Begins the tests of the libraries, one after the other, with two nodes that they share. */
export function testClientLibraries(...libraries: ClientLibrary[]): void {
  const nodes: { open?: ServingNode; guarded?: ServingNode } = {};

  beforeAll(async () => {
    [nodes.open, nodes.guarded] = await Promise.all([
      ServingNode.start(),
      ServingNode.start("--password", PASSWORD),
    ]);
  });

  afterAll(() => Promise.all([nodes.open?.close(), nodes.guarded?.close()]));

  for (const library of libraries) {
    describe(library.name, () => testLibrary(library, nodes as Required<typeof nodes>));
  }
}

function testLibrary(library: ClientLibrary, nodes: { open: ServingNode; guarded: ServingNode }): void {
  let client: LibraryClient;
  const clients: LibraryClient[] = [];

  async function connect(options: Partial<ConnectOptions> = {}): Promise<LibraryClient> {
    const connected = await library.connect({ port: nodes.open.port, ...options });
    clients.push(connected);
    return connected;
  }

  beforeAll(async () => {
    client = await connect();
  });

  beforeEach(() => client.call("FLUSHALL"));

  afterAll(() => Promise.all(clients.map((each) => each.close())));

  test("introduces itself, in the protocol that it prefers", async () => {
    const description = String(await client.call("CLIENT", "INFO"));
    expect(description).toContain(` resp=${library.protocol}`);
    expect(description).toMatch(library.introduction);
  });

  test("sets, gets, counts, deletes", async () => {
    expect(await client.set("greeting", "hällo")).toBe("OK");
    expect(await client.get("greeting")).toBe("hällo");
    expect(await client.get("none")).toBeNull();
    expect(await client.getMany(["greeting", "none", "greeting"])).toEqual(["hällo", null, "hällo"]);
    expect(await client.increment("visits")).toBe(1);
    expect(await client.increment("visits")).toBe(2);
    expect(await client.delete(["greeting", "visits", "none"])).toBe(2);
    expect(await client.get("greeting")).toBeNull();
  });

  test("sets for a time", async () => {
    await client.setFor(100, "session", "x");
    expect(await client.secondsLeft("session")).toBeGreaterThan(90);
    expect(await client.secondsLeft("none")).toBe(-2);
    await client.call("PEXPIREAT", "session", "1");
    expect(await client.get("session")).toBeNull();
  });

  test("shows what the node refuses", async () => {
    await client.set("text", "abc");
    await expect(client.increment("text")).rejects.toThrow("not an integer");
    await expect(client.call("NOSUCHCOMMAND", "x")).rejects.toThrow(/unknown command/i);
  });

  test("keeps requests and replies together when many are on the way", async () => {
    const numbers = Array.from({ length: 500 }, (_, i) => `${i}`);
    await Promise.all(numbers.map((number) => client.set(`key:${number}`, number)));
    expect(await Promise.all(numbers.map((number) => client.get(`key:${number}`)))).toEqual(numbers);
  });

  test("sends pipelines", async () => {
    const calls = Array.from({ length: 2_000 }, (_, i) => (i % 2 ? ["INCR", "n"] : ["SET", "other", `${i}`]));
    calls.push(["INCR", "other"], ["INCR", "text"], ["SET", "text", "abc"], ["INCR", "text"], ["GET", "n"]);
    const replies = await client.pipeline(calls);
    expect(replies.slice(0, 2_000)).toEqual(
      calls.slice(0, 2_000).map((_, i) => (i % 2 ? (i + 1) / 2 : "OK")),
    );
    expect(replies.slice(2_000)).toEqual([1999, 1, "OK", expect.any(Error), "1000"]);
  });

  test("sends transactions", async () => {
    const replies = await client.transaction([
      ["SET", "a", "1"],
      ["INCR", "a"],
      ["GET", "a"],
      ["GET", "none"],
    ]);
    expect(replies).toEqual(["OK", 2, "2", null]);
    const failed = await client.transaction([
      ["SET", "t", "abc"],
      ["INCR", "t"],
      ["SET", "t", "after"],
    ]);
    expect(failed).toEqual(["OK", expect.any(Error), "OK"]);
    expect(await client.get("t")).toBe("after");
  });

  test("gives a transaction up when a watched key has changed", async () => {
    const other = await connect();
    await client.watch("balance");
    await other.set("balance", "7");
    expect(await client.transaction([["SET", "balance", "8"]])).toBeNull();
    expect(await client.get("balance")).toBe("7");
    await client.watch("balance");
    expect(await client.transaction([["SET", "balance", "8"]])).toEqual(["OK"]);
  });

  test("scans, and misses nothing", async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `user:${i}`);
    await client.pipeline([...keys, "other:1", "other:2"].map((key) => ["SET", key, "x"]));
    const scanned = await client.scan("user:*");
    expect([...new Set(scanned)].sort()).toEqual(keys.toSorted());
    expect(await client.scan("nobody:*")).toEqual([]);
  });

  test("keeps every byte of keys and values", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const key = Buffer.concat([Buffer.from("\r\n"), bytes]);
    expect(await client.getBytes(key)).toBeNull();
    await client.setBytes(key, bytes);
    expect(await client.getBytes(key)).toEqual(bytes);
  });

  test("sets and gets a value of 8 MiB", async () => {
    const value = Buffer.alloc(8 * MEBIBYTE, "0123456789abcde"); // no period that divides a buffer's size
    await client.setBytes(Buffer.from("big"), value);
    const got = await client.getBytes(Buffer.from("big"));
    expect(got?.equals(value)).toBe(true);
  });

  test("stays in the database that it chose", async () => {
    const other = await connect({ database: 3 });
    await other.set("here", "in 3");
    expect(await client.get("here")).toBeNull();
    await other.outlive(() => kill(other, nodes.open));
    expect(await other.get("here")).toBe("in 3");
  });

  test("comes back when its connection is killed", async () => {
    await client.set("before", "1");
    await client.outlive(() => kill(client, nodes.open));
    expect(await client.get("before")).toBe("1");
  });

  test("comes back when the node was away", async () => {
    await client.outlive(async () => {
      await nodes.open.stop();
      await nodes.open.startAgain();
    });
    expect(await client.set("after", "1")).toBe("OK");
    expect(await client.get("after")).toBe("1");
  });

  test("logs in, again and again", async () => {
    const { port } = nodes.guarded;
    await expect(connect({ port, password: "wrong" })).rejects.toThrow("WRONGPASS");
    const member = await connect({ port, password: PASSWORD });
    await member.set("secret", "1");
    await member.outlive(() => kill(member, nodes.guarded, PASSWORD));
    expect(await member.get("secret")).toBe("1");
  });
}

/** Cuts the client's connection. */
async function kill(client: LibraryClient, { port }: ServingNode, password?: string): Promise<void> {
  const id = String(await client.call("CLIENT", "ID"));
  const login = password === undefined ? [] : [["AUTH", password]];
  const raw = await RawClient.connect(port);
  const replies = await raw.send([...login, ["CLIENT", "KILL", "ID", id]]);
  raw.close();
  expect(replies.at(-1)!.toString("latin1")).toBe(":1\r\n");
}
