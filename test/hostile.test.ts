/**
 * What is not a request, and requests as no client would make them, over real sockets. Whatever is sent, the
 * answer is whole replies, a protocol error as the last of them, or a closed connection; and a client that
 * behaves well notices nothing.
 */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HostileClient, wholeReplies } from "./support/hostile-client.ts";
import { HostileTarget } from "./support/hostile-target.ts";
import { type Call, encodeCall } from "./support/raw-client.ts";

const KIB = 1024;
const LINE_BYTES_MAX = 64 * KIB;

describe.each(["memory", "disk"] as const)("a node that keeps its rows in %s", (storage) => {
  let target: HostileTarget;

  beforeAll(async () => {
    target = await HostileTarget.start(storage);
  });

  afterAll(() => target.stop());

  afterEach(async () => {
    expect(await target.harm()).toEqual([]);
  });

  /** All that the server answers to `bytes` and no more. */
  async function answer(bytes: Uint8Array | string): Promise<string> {
    const client = await HostileClient.connect(target.port);
    void client.send(bytes);
    client.end();
    return client.rest();
  }

  describe("no request", () => {
    const nested = "*1\r\n".repeat(1_000);

    test.each([
      ["an array in an array", "*2\r\n$3\r\nGET\r\n*1\r\n$1\r\nk\r\n", "expected '$', got '*'"],
      ["arrays in arrays in arrays", nested, "expected '$', got '*'"],
      ["an integer as an argument", "*2\r\n$3\r\nGET\r\n:1\r\n", "expected '$', got ':'"],
      ["a NUL where a length should be", "*1\r\n\0\r\n", "expected '$', got '\0'"],
      ["a byte that is no text there", "*1\r\n\xff\r\n", "expected '$', got '\xff'"],
      ["a negative length", "*1\r\n$-1\r\n", "invalid bulk length"],
      ["a negative length of many digits", `*1\r\n$-${"9".repeat(40)}\r\n`, "invalid bulk length"],
      ["a length beyond all bounds", "*1\r\n$536870913\r\n", "invalid bulk length"],
      ["a length of 2^64", "*1\r\n$18446744073709551616\r\n", "invalid bulk length"],
      ["a length with a fraction", "*1\r\n$1.5\r\n", "invalid bulk length"],
      ["a length that is no number", "*1\r\n$four\r\n", "invalid bulk length"],
      ["no length", "*1\r\n$\r\n", "invalid bulk length"],
      ["an argument count beyond all bounds", "*1048577\r\n", "invalid multibulk length"],
      ["an argument count of many digits", `*${"9".repeat(40)}\r\n`, "invalid multibulk length"],
      ["an argument count that is no number", "*many\r\n", "invalid multibulk length"],
      ["an endless argument count", `*${"1".repeat(LINE_BYTES_MAX + 1)}`, "too big mbulk count string"],
      ["an endless length", `*1\r\n$${"1".repeat(LINE_BYTES_MAX + 1)}`, "too big bulk count string"],
      ["an endless line", "x".repeat(LINE_BYTES_MAX + 1), "too big inline request"],
      ["quotes that do not close", 'SET k "v\r\n', "unbalanced quotes in request"],
    ])(
      "%s: what came before is answered, then the error, and nothing after it",
      async (_what, bytes, error) => {
        expect(await answer(`PING\r\n${bytes}\r\nPING\r\n`)).toBe(
          `+PONG\r\n-ERR Protocol error: ${error}\r\n`,
        );
      },
    );

    test("the server hangs up by itself", async () => {
      const client = await HostileClient.connect(target.port);
      await client.send("*1\r\n$-1\r\n");
      expect(await client.rest()).toBe("-ERR Protocol error: invalid bulk length\r\n");
    });

    test.each([
      ["no arguments", "*0\r\n"],
      ["a negative argument count", "*-1\r\n"],
      ["a very negative argument count", "*-9223372036854775808\r\n"],
      ["empty lines", "\r\n\n  \r\n"],
    ])("%s: skipped without a word, ten thousand times", async (_what, bytes) => {
      expect(await answer(`${bytes.repeat(10_000)}PING\r\n`)).toBe("+PONG\r\n");
    });

    test("a web page's request ends the connection before its body is read", async () => {
      expect(await answer("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET canary dead\r\n")).toBe("");
      expect(await answer("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nSET canary dead\r\n")).not.toContain(
        "+OK",
      );
      expect(await target.ask("GET", "canary")).toBe("$-1\r\n");
    });
  });

  describe("bytes that are no text", () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

    test("are fine as keys and values", async () => {
      const set = encodeCall(["SET", everyByte, everyByte]);
      const get = encodeCall(["GET", everyByte]);
      const value = everyByte.toString("latin1");
      expect(await answer(Buffer.concat([set, get]))).toBe(`+OK\r\n$256\r\n${value}\r\n`);
    });

    test("are refused as a command, in one line", async () => {
      const [refusal, pong] = wholeReplies(
        await answer(Buffer.concat([encodeCall([everyByte]), encodeCall(["PING"])])),
      );
      expect(refusal).toMatch(/^-ERR unknown command '[^\r\n]*', with args beginning with: \r\n$/);
      expect(pong).toBe("+PONG\r\n");
    });
  });

  describe("generated", () => {
    const argument = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 5_000 }));
    const valueCalls = fc.array(
      argument.map((value): Call => ["SET", "generated", value]),
      { minLength: 1, maxLength: 20 },
    );
    const otherCalls: readonly Call[] = [
      ["PING"],
      ["GET", "generated"],
      ["MGET", "generated", "other"],
      ["APPEND", "generated", "more"],
      ["INCR", "generated"],
      ["CLIENT", "SETNAME", "generated"],
      ["HELLO", "3"],
    ];

    test("a request cut off anywhere has no effect; those before it are answered", async () => {
      const cut = fc.double({ min: 0, max: 1, noNaN: true });
      await fc.assert(
        fc.asyncProperty(valueCalls, cut, fc.boolean(), async (calls, at, breaksOff) => {
          const whole = Buffer.concat(calls.map(encodeCall));
          const last = encodeCall(["SET", "canary", "dead"]);
          const cutBytes = Buffer.concat([whole, last.subarray(0, Math.floor(at * (last.length - 1)))]);
          const client = await HostileClient.connect(target.port);
          void client.send(cutBytes);
          const answered = "+OK\r\n".repeat(calls.length);
          if (breaksOff) {
            expect((await client.receive(answered.length)).toString()).toBe(answered);
            client.breakOff();
          } else {
            client.end();
            expect(await client.rest()).toBe(answered);
          }
        }),
        { numRuns: 200 },
      );
      expect(await target.ask("GET", "canary")).toBe("$-1\r\n");
    });

    test("it does not matter in what pieces requests arrive", async () => {
      await fc.assert(
        fc.asyncProperty(valueCalls, fc.array(fc.nat(100), { minLength: 1 }), async (calls, sizes) => {
          const bytes = Buffer.concat([...calls.map(encodeCall), encodeCall(["GET", "generated"])]);
          const client = await HostileClient.connect(target.port);
          for (let [at, i] = [0, 0]; at < bytes.length; i++) {
            const end = at + 1 + sizes[i % sizes.length]! ** 2;
            await client.send(bytes.subarray(at, end));
            at = end;
          }
          client.end();
          const value = Buffer.from(calls.at(-1)![2]!).toString("latin1");
          const answered = `${"+OK\r\n".repeat(calls.length)}$${value.length}\r\n${value}\r\n`;
          expect(await client.rest()).toBe(answered);
        }),
        { numRuns: 50 },
      );
    });

    test("any bytes at all are answered with whole replies, and a protocol error is the last of them", async () => {
      const syntax = fc.constantFrom(
        "*",
        "$",
        "\r\n",
        "*1\r\n",
        "*2\r\n$4\r\n",
        "$-1\r\n",
        "$3\r\n",
        '"',
        "'",
        "\\x",
        "\0",
      );
      const rubbish = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
      const pieces = fc.array(fc.oneof(syntax, rubbish, fc.nat().map(String)), { maxLength: 50 });
      await fc.assert(
        fc.asyncProperty(pieces, async (texts) => {
          checkReplies(await answer(texts.join("")));
        }),
        { numRuns: 500 },
      );
    });

    test("requests with bytes changed, lost or doubled are answered likewise", async () => {
      const change = fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        lost: fc.nat(3),
        added: fc.uint8Array({ maxLength: 3 }),
      });
      const calls = fc.array(
        fc.oneof(
          fc.constantFrom(...otherCalls),
          argument.map((value): Call => ["SET", "generated", value]),
        ),
      );
      await fc.assert(
        fc.asyncProperty(calls, fc.array(change, { minLength: 1, maxLength: 5 }), async (intact, changes) => {
          let bytes = Buffer.concat(intact.map(encodeCall));
          for (const { at, lost, added } of changes) {
            const position = Math.floor(at * bytes.length);
            bytes = Buffer.concat([bytes.subarray(0, position), added, bytes.subarray(position + lost)]);
          }
          checkReplies(await answer(bytes));
        }),
        { numRuns: 300 },
      );
    });

    /** RESP3 is not expected but where it was asked for, and then nothing else is. */
    function checkReplies(text: string): void {
      const replies = wholeReplies(text);
      const broken = replies.findIndex((reply) => reply.startsWith("-ERR Protocol error: "));
      if (broken >= 0) expect(broken).toBe(replies.length - 1);
      for (const reply of replies) expect(reply).toMatch(/^[-+:$*%_]/);
    }
  });

  describe("any command", () => {
    /** What stops or slows down the server on purpose, hides replies, or takes the bystander's value away. */
    const UNFIT = /^(shutdown|debug|monitor|config|flushall|flushdb|swapdb|client\|(reply|pause|kill))/;
    const WAITING = ["blocking", "pubsub"];
    const ARGUMENTS = [
      "",
      "0",
      "-1",
      "1",
      "2147483648",
      "9223372036854775807",
      "-9223372036854775808",
      "18446744073709551616",
      "1e400",
      "nan",
      "-inf",
      " 1",
      "0x10",
      "\0",
      "\r\n",
      "\xff\xfe",
      "*",
      "[a-",
      `${"*a".repeat(100)}b`,
      "k",
      "{",
      "u64",
      "GET",
      "EX",
      "WITHSCORES",
      "COUNT",
      "x".repeat(64 * KIB),
      "x".repeat(64 * KIB + 1),
    ];
    let names: string[];
    let variadicNames: string[];

    beforeAll(async () => {
      const listed = (await target.ask("COMMAND", "LIST")).split("\r\n");
      names = [];
      variadicNames = [];
      for (const name of listed.filter((line) => /^[a-z][a-z|-]*$/.test(line) && !UNFIT.test(line))) {
        const described = await target.ask("COMMAND", "INFO", name);
        if (WAITING.some((flag) => described.includes(`+${flag}\r\n`))) continue;
        names.push(name);
        if (described.includes(`${name}\r\n:-`)) variadicNames.push(name); // the arity follows the name
      }
      expect(names.length).toBeGreaterThan(80);
      expect(variadicNames.length).toBeGreaterThan(20);
    });

    test("answers arguments that make no sense to it", async () => {
      const args = fc.array(fc.constantFrom(...ARGUMENTS), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...names), args, async (name, rest) => {
          const text = await answer(encodeCall([...name.split("|"), ...rest]));
          expect(wholeReplies(text), name).toHaveLength(1);
        }),
        { numRuns: 1_000 },
      );
    });

    test("answers more arguments than a stack has room for", async () => {
      const count = 130_000;
      const args = Buffer.from("$1\r\n1\r\n".repeat(count), "latin1");
      for (const name of variadicNames) {
        const words = name.split("|");
        const header = words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
        const head = Buffer.from(`*${count + words.length}\r\n${header}`, "latin1");
        expect(wholeReplies(await answer(Buffer.concat([head, args]))), name).toHaveLength(1);
      }
    });
  });
});
