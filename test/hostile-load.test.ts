/**
 * Too much of everything, over real sockets: connections, announcements, replies that nobody reads, arguments,
 * bytes of a key or a value. Memory stays bounded, what is too much is refused, and others notice little.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HostileClient, wholeReplies } from "./support/hostile-client.ts";
import { HostileTarget } from "./support/hostile-target.ts";
import { type Call, encodeCall } from "./support/raw-client.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CLIENT_MEMORY_MAX = 128 * MIB;
const VALUE_BYTES_MAX = 64 * MIB;
const KEY_BYTES_MAX = 64 * KIB;
/** What the garbage collector may leave lying about for a while, and then some. */
const RESIDENT_BYTES_GROWTH_MAX = 1024 * MIB;

describe.each(["memory", "disk"] as const)("on %s", (storage) => {
  let target: HostileTarget;
  let residentBytesBefore: number;
  const clients: HostileClient[] = [];

  beforeAll(async () => {
    target = await HostileTarget.start(storage, "--client-memory", "128mb", "--output-buffer", "80mb");
    residentBytesBefore = await target.status("used_memory_rss");
  });

  afterAll(() => target.stop());

  /** Whatever the clients of a test did, it ends with them. */
  afterEach(async () => {
    for (const client of clients.splice(0)) client.breakOff();
    await target.statusUntil("connected_clients", (count) => count === 2);
    await target.statusUntil("mem_clients_normal", (bytes) => bytes < MIB);
  });

  async function connect(count: number): Promise<HostileClient[]> {
    const connected = await HostileClient.connectMany(target.port, count);
    clients.push(...connected);
    return connected;
  }

  async function expectBoundedMemory(): Promise<void> {
    expect(await target.status("mem_clients_normal")).toBeLessThan(CLIENT_MEMORY_MAX + MIB);
    const growth = (await target.status("used_memory_rss")) - residentBytesBefore;
    expect(growth).toBeLessThan(RESIDENT_BYTES_GROWTH_MAX);
  }

  describe("half-open connections", () => {
    const COUNT = 2_000;
    const announcement = `*3\r\n$3\r\nSET\r\n$6\r\ncanary\r\n$${VALUE_BYTES_MAX}\r\n`;

    test("that announce 64 MiB and send nothing cost next to nothing", async () => {
      const all = await connect(COUNT);
      await Promise.all(all.map((client) => client.send(announcement)));
      await target.statusUntil("mem_clients_normal", (bytes) => bytes >= COUNT * announcement.length);
      expect(await target.status("mem_clients_normal")).toBeLessThan(COUNT * KIB);
      await expectBoundedMemory();
      expect(await target.harm()).toEqual([]);
      expect(await target.ask("GET", "canary")).toBe("$-1\r\n");
    });

    test("that announce a million arguments and send none cost next to nothing", async () => {
      const all = await connect(COUNT);
      const evictedBefore = await target.status("evicted_clients");
      await Promise.all(all.map((client) => client.send("*1000000\r\n$3\r\nDEL\r\n")));
      await target.statusUntil("mem_clients_normal", (bytes) => bytes >= COUNT * 20);
      expect(await target.status("mem_clients_normal")).toBeLessThan(COUNT * KIB);
      expect(await target.status("evicted_clients")).toBe(evictedBefore);
      expect(await target.harm()).toEqual([]);
    });

    test("that go on to send too much are closed, those first that sent the most; the modest are spared", async () => {
      const modest = await connect(100);
      const greedy = await connect(200);
      const evictedBefore = await target.status("evicted_clients");
      await Promise.all(modest.map((client) => client.send(announcement)));
      await Promise.all(greedy.map((client) => client.send(announcement + "v".repeat(MIB))));
      await target.statusUntil("evicted_clients", (count) => count > evictedBefore);
      await expectBoundedMemory();
      expect(modest.some((client) => client.isOver)).toBe(false);
      for (const client of modest) {
        client.end();
        expect(await client.rest()).toBe("");
      }
      expect(await target.harm()).toEqual([]);
      expect(await target.ask("GET", "canary")).toBe("$-1\r\n");
    });

    test("that come and go by the thousand leave nothing behind", async () => {
      for (let round = 0; round < 20; round++) {
        for (const client of await connect(100)) {
          void client.send(announcement);
          client.breakOff();
        }
      }
      expect(await target.harm()).toEqual([]);
    });
  });

  describe("clients that do not read", () => {
    const value = Buffer.alloc(4 * MIB, "0123456789abcdef");
    const reply = Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from("\r\n")]);

    beforeAll(async () => {
      expect(await target.ask("SET", "large", value)).toBe("+OK\r\n");
    });

    /** Sends requests for 200 MiB, and reads nothing. */
    async function ask(client: HostileClient): Promise<void> {
      client.stopReading();
      await client.send("GET large\r\n".repeat(50));
    }

    test("are not read either, so that what waits for them stays bounded", async () => {
      const few = await connect(20);
      await Promise.all(few.map(ask));
      await target.statusUntil("mem_clients_normal", (bytes) => bytes > few.length * value.length * 0.9);
      expect(await target.status("client_recent_max_output_buffer")).toBeLessThan(2 * value.length);
      await expectBoundedMemory();
      expect(await target.harm()).toEqual([]);
    });

    test("get everything in the end, byte for byte", async () => {
      const [slow] = await connect(1);
      await ask(slow!);
      await target.statusUntil("client_recent_max_output_buffer", (bytes) => bytes > 0);
      slow!.readOn();
      for (let i = 0; i < 50; i++) expect((await slow!.receive(reply.length)).equals(reply)).toBe(true);
    });

    test("are closed when there are too many of them", async () => {
      const many = await connect(100);
      const evictedBefore = await target.status("evicted_clients");
      await Promise.all(many.map(ask));
      await target.statusUntil("evicted_clients", (count) => count > evictedBefore);
      await expectBoundedMemory();
      expect(await target.harm()).toEqual([]);
    });

    test("are not answered any more once they have broken off, whatever they asked for before", async () => {
      const count = 50;
      const sentBefore = await target.status("total_net_output_bytes");
      const gone = await connect(count);
      await Promise.all(gone.map(ask));
      for (const client of gone) client.breakOff();
      await target.statusUntil("connected_clients", (clientCount) => clientCount === 2);
      const sent = (await target.status("total_net_output_bytes")) - sentBefore;
      expect(sent).toBeLessThan(count * 3 * value.length);
    });

    test("of errors are no better", async () => {
      const [client] = await connect(1);
      client!.stopReading();
      void client!.sendForever(Buffer.from("no such command\r\n".repeat(4_000)));
      await target.statusUntil("client_recent_max_output_buffer", (bytes) => bytes > MIB);
      expect(await target.status("client_recent_max_output_buffer")).toBeLessThan(3 * MIB);
      await expectBoundedMemory();
      expect(await target.harm()).toEqual([]);
    });
  });

  describe("garbage without end", () => {
    test("is cut short after the protocol error", async () => {
      const all = await connect(10);
      const garbage = Buffer.from(
        Array.from({ length: 64 * KIB }, (_, i) => (i * 167) & 0xff).filter((byte) => byte !== 10),
      );
      await Promise.all(all.map((client) => client.sendForever(garbage)));
      for (const client of all) {
        expect(await client.rest()).toBe("-ERR Protocol error: too big inline request\r\n");
      }
      expect(await target.harm()).toEqual([]);
    });
  });

  describe("a million arguments", () => {
    const KEYS = 20_000;
    const PAIRS = 500_000;

    async function answer(call: readonly string[], replyBytes: number): Promise<string> {
      const [client] = await connect(1);
      const args = call.map((argument) => `$${argument.length}\r\n${argument}\r\n`);
      void client!.send(`*${args.length}\r\n${args.join("")}`);
      return (await client!.receive(replyBytes)).toString("latin1");
    }

    test("are set, read and deleted, while others wait their turn", { timeout: 120_000 }, async () => {
      const pairs = Array.from({ length: PAIRS }, (_, i) => [`key:${i % KEYS}`, `${i}`]);
      expect(await answer(["MSET"].concat(pairs.flat()), 5)).toBe("+OK\r\n");
      const keys = Array.from({ length: 1_000_000 }, (_, i) => `key:${i}`);
      const replies = keys.map((_, i) => (i < KEYS ? `$6\r\n${PAIRS - KEYS + i}\r\n` : "$-1\r\n"));
      const values = `*1000000\r\n${replies.join("")}`; // of several values that a key was given, the last one
      expect((await answer(["MGET"].concat(keys), values.length)) === values).toBe(true);
      expect(await answer(["DEL"].concat(keys), 8)).toBe(`:${KEYS}\r\n`);
      expect(await target.ask("MGET", "key:0", `key:${KEYS - 1}`)).toBe("*2\r\n$-1\r\n$-1\r\n");
      expect(await target.fault()).toBeUndefined();
    });
  });

  describe("short requests that ask for much", () => {
    const overloaded = `-OVERLOADED UNKNOWN the reply is longer than ${80 * MIB} bytes\r\n`;

    test("a long value, a hundred times: refused, and not gathered before", async () => {
      expect(await target.ask("SETRANGE", "long", `${VALUE_BYTES_MAX - 1}`, "x")).toBe(
        `:${VALUE_BYTES_MAX}\r\n`,
      );
      expect(await target.ask("MGET", ...Array(100).fill("long"))).toBe(overloaded);
      await expectBoundedMemory();
      expect(await target.ask("DEL", "long")).toBe(":1\r\n");
      expect(await target.fault()).toBeUndefined();
    });

    /** On disk, more of them than can be written soon would be refused. */
    const pairCount = storage === "memory" ? 40 : 3;
    test("a transaction that makes a long value anew and asks for it, again and again: run, but not told", async () => {
      const client = (await connect(1))[0]!;
      const pair = (i: number): Call[] => [
        ["SETRANGE", "long", `${VALUE_BYTES_MAX - 9}`, `${i}`.padStart(9)],
        ["GET", "long"],
      ];
      const pairs = Array.from({ length: pairCount }, (_, i) => pair(i)).flat();
      void client.send(Buffer.concat([["MULTI"], ...pairs, ["EXEC"]].map(encodeCall)));
      const queued = `+OK\r\n${"+QUEUED\r\n".repeat(pairs.length)}`;
      const reason = `the transaction was run, but its replies are longer than ${80 * MIB} bytes`;
      const expected = `${queued}-OVERLOADED UNKNOWN ${reason}\r\n`;
      expect((await client.receive(expected.length)).toString()).toBe(expected);
      await expectBoundedMemory();
      expect(await target.ask("GETRANGE", "long", "-9", "-1")).toBe(
        `$9\r\n${`${pairCount - 1}`.padStart(9)}\r\n`,
      );
      expect(await target.ask("DEL", "long")).toBe(":1\r\n");
      expect(await target.fault()).toBeUndefined();
    });

    test.each(["DOCS", "INFO"])(
      "COMMAND %s of one command, a hundred thousand times: likewise",
      async (what) => {
        expect(await target.ask("COMMAND", what, ...Array(100_000).fill("client"))).toBe(overloaded);
        await expectBoundedMemory();
        expect(await target.fault()).toBeUndefined();
      },
    );

    test("CLIENT LIST of one client, a hundred thousand times: it is listed once", async () => {
      const id = (await target.ask("CLIENT", "ID")).slice(1, -2);
      const list = await target.ask("CLIENT", "LIST", "ID", ...Array(100_000).fill(id));
      expect(list.match(/^id=/gm)).toHaveLength(1);
      expect(await target.harm()).toEqual([]);
    });
  });

  describe("the longest values and keys", () => {
    const longest = Buffer.alloc(VALUE_BYTES_MAX, "a value of 16 by");
    test("a value of 64 MiB is stored and read back; one byte more is refused, and the connection goes on", async () => {
      const [client] = await connect(1);
      const tooLong = Buffer.alloc(VALUE_BYTES_MAX + 1, "x");
      void client!.send(encodeCall(["SET", "longest", longest]));
      void client!.send(encodeCall(["SET", "longest", tooLong]));
      void client!.send(encodeCall(["APPEND", "longest", "x"]));
      void client!.send(encodeCall(["SETRANGE", "longest", `${VALUE_BYTES_MAX}`, "x"]));
      void client!.send(encodeCall(["GET", "longest"]));
      const replies = [
        "+OK\r\n",
        `-ERR argument of ${tooLong.length} bytes is longer than ${VALUE_BYTES_MAX} bytes\r\n`,
        "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n",
        "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n",
        `$${longest.length}\r\n`,
      ].join("");
      expect((await client!.receive(replies.length)).toString()).toBe(replies);
      expect((await client!.receive(longest.length)).equals(longest)).toBe(true);
      client!.end();
      expect(await client!.rest()).toBe("\r\n");
      expect(await target.ask("DEL", "longest")).toBe(":1\r\n");
      expect(await target.fault()).toBeUndefined();
    });

    test("any argument that is too long is refused alike, and what it belonged to has no effect", async () => {
      const [client] = await connect(1);
      const tooLong = Buffer.alloc(VALUE_BYTES_MAX + 1, "x");
      void client!.send(encodeCall(["MSET", "canary", "dead", "other", tooLong, "third", "dead"]));
      void client!.send(encodeCall(["PING"]));
      client!.end();
      const [refusal, pong] = wholeReplies(await client!.rest());
      expect(refusal).toMatch(/^-ERR argument of 67108865 bytes is longer than 67108864 bytes\r\n$/);
      expect(pong).toBe("+PONG\r\n");
      expect(await target.ask("MGET", "canary", "third")).toBe("*2\r\n$-1\r\n$-1\r\n");
    });

    test("a key of 64 KiB is like any other; a longer one is refused, and the connection goes on", async () => {
      const [client] = await connect(1);
      const [long, tooLong] = [Buffer.alloc(KEY_BYTES_MAX, "k"), Buffer.alloc(KEY_BYTES_MAX + 1, "k")];
      const calls = (key: Buffer): Call[] => [
        ["SET", key, "u"],
        ["GET", key],
        ["MSET", key, "v"],
        ["APPEND", key, "w"],
        ["MGET", key],
        ["STRLEN", key],
        ["DEL", key],
      ];
      for (const call of [...calls(long), ...calls(tooLong), ["DEBUG", "OBJECT", tooLong]]) {
        void client!.send(encodeCall(call));
      }
      client!.end();
      const answers = [
        "+OK\r\n",
        "$1\r\nu\r\n",
        "+OK\r\n",
        ":2\r\n",
        "*1\r\n$2\r\nvw\r\n",
        ":2\r\n",
        ":1\r\n",
      ];
      const refused = "-ERR key is longer than 65536 bytes\r\n";
      expect(wholeReplies(await client!.rest())).toEqual([
        ...answers,
        ...Array(answers.length + 1).fill(refused),
      ]);
    });
  });
});
