/** The commands on keys and transactions answer random calls, good and bad, with the very bytes that Redis answers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { STORAGE_KINDS } from "../src/node/settings.ts";
import {
  type ArgumentMaker,
  anyBytes,
  CallGenerator,
  type CallShape,
  integerBetween,
  oneOf,
  repeated,
  sequence,
} from "./support/call-generator.ts";
import { Differential } from "./support/differential.ts";
import { startKvorum } from "./support/kvorum-peer.ts";
import type { Call } from "./support/raw-client.ts";
import { type Peer, redisAbsence, startRedis } from "./support/redis-peer.ts";

const CALLS_AT_ONCE = 100;

const key = oneOf("a", "b", "c", "d", "{e}1", "", "\x00\xff\r\n", "foo:1", "foo:2", "[x]");
const value = oneOf("1", "12345", "-7", "abc", anyBytes(20), anyBytes(80), "9999", "10000", "007");
const strangeInteger = oneOf(
  ...["", " 1", "+1", "01", "-0", "1.0", "abc", "-", "\xff", "1\x00"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"],
  ...["9223372036854775", "9223372036854776", "-9223372036854775", "-9223372036854776"],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649"],
);
const database = oneOf("0", "1", "2", "15", "16", "-1", strangeInteger);
const lifetime = oneOf("100000000", "1000000000", "100000000", "0", "-1", "-100000000", strangeInteger);
const moment = oneOf("1", "1000", "4102444800", "5102444800", "0", "-5", strangeInteger);
const momentMs = oneOf(
  "1",
  "1000",
  "4102444800000",
  "5102444800123",
  "5102444800500",
  "0",
  "-5",
  strangeInteger,
);
const condition = oneOf("NX", "xx", "Gt", "LT");
const pattern = oneOf(
  ...[
    "*",
    "**",
    "a",
    "foo*",
    "foo:?",
    "?",
    "[a-c]",
    "[^a]*",
    "\\[x\\]",
    "[x]",
    "\\a",
    "*:[12]",
    "",
    "[",
    "\\",
  ],
  anyBytes(3, 0x7f),
);
const cursor = oneOf(
  "0",
  "0",
  "0",
  "",
  "-0",
  "+0",
  " 0",
  "0 ",
  "abc",
  "18446744073709551616",
  "00",
  "0\x00x",
);
const subcommand = oneOf("encoding", "ENCODING", "encoding", "idletime", "freq", "nosuch", "");
const strays = oneOf("0", "-7", "123456789012", "1.5", "NX", "XX", "DB", "REPLACE", "", "foo", "\x00\xfe");

const keyShapes: readonly CallShape[] = [
  ["set", key, value],
  ["set", key, value],
  ["set", key, value],
  ["get", key],
  ["incr", key],
  ["del", repeated(key, 1, 4)],
  ["unlink", repeated(key, 1, 3)],
  ["exists", repeated(key, 1, 4)],
  ["touch", repeated(key, 1, 3)],
  ["type", key],
  ["expire", key, lifetime],
  ["expire", key, lifetime, repeated(condition, 1, 3)],
  ["pexpire", key, lifetime, repeated(condition, 0, 2)],
  ["expireat", key, moment, repeated(condition, 0, 2)],
  ["pexpireat", key, momentMs, repeated(condition, 0, 2)],
  ["ttl", key],
  ["pttl", key],
  ["expiretime", key],
  ["pexpiretime", key],
  ["persist", key],
  ["keys", pattern],
  ["scan", cursor, "count", "1000"],
  [
    "scan",
    "0",
    repeated(oneOf(sequence("match", pattern), sequence("COUNT", "1000"), "type"), 0, 3),
    "COUNT",
    "999",
  ],
  ["scan", "0", "type", oneOf("string", "STRING", "hash", "nosuch"), "count", "1000"],
  ["scan", "0", "count", oneOf("0", "-1", "1000", strangeInteger), "count", "1000"],
  ["randomkey"],
  ["rename", key, key],
  ["renamenx", key, key],
  ["copy", key, key],
  ["copy", key, key, repeated(oneOf("replace", sequence("db", database), "DB"), 1, 3)],
  ["move", key, database],
  ["object", subcommand, key],
  ["dbsize"],
  ["select", oneOf("0", "0", "1", "2", database)],
  ["swapdb", oneOf("0", "1", database), oneOf("2", "1", database)],
  ["flushdb", repeated(oneOf("sync", "ASYNC"), 0, 1)],
];
/** Calls that would make the rest dull if they were frequent. */
const rareShapes: readonly CallShape[] = [
  ["flushall", repeated(oneOf("sync", "ASYNC", "now"), 0, 2)],
  ["reset"],
];
const transactionShapes: readonly CallShape[] = [
  ...Array.from({ length: 8 }, (): CallShape => ["multi"]),
  ...Array.from({ length: 8 }, (): CallShape => ["exec"]),
  ["discard"],
  ["watch", repeated(key, 1, 3)],
  ["watch", repeated(key, 1, 3)],
  ["watch", repeated(key, 1, 3)],
  ["unwatch"],
  ["nosuch", "command"],
  ["get"],
];

const IDLE_OR_UNTRACKED = /^:\d+\r\n|^-ERR the use of keys is not tracked .*\r\n/;

/** Times are compared where they were given as such; how long a key still lives depends on when it is asked. */
function normalise(received: string, call: Call): string {
  const reply = received.startsWith("-") ? received.replace(/[\x80-\xff]+/g, "?") : received; // Kvorum's errors are UTF-8
  const name = String(call[0]).toLowerCase();
  if (name === "exec") return withoutTimes(reply);
  if (/^p?ttl$|^p?expiretime$/.test(name)) return reply.replace(/^:\d+/, ":n");
  if (name === "scan" && String(call[1]) !== "0") return reply.replace(/^\*.*/s, "keys"); // cursors are each server's own
  if (name === "keys" || name === "scan") return sorted(reply);
  if (name === "randomkey") return reply.replace(/^\$\d+.*/s, "a key");
  if (name === "object")
    return String(call[1]).toLowerCase() === "idletime" ? reply.replace(IDLE_OR_UNTRACKED, ":n\r\n") : reply;
  return reply;
}

/** Inside EXEC's array nothing tells what was asked: so all large numbers, and the order of bulks, are let go. */
function withoutTimes(reply: string): string {
  return sorted(reply.replace(/:\d{6,}\r\n/g, ":n\r\n"));
}

function sorted(reply: string): string {
  return reply.startsWith("*") ? reply.split("\r\n").toSorted().join("\r\n") : reply;
}

describe.skipIf(redisAbsence !== undefined).each(STORAGE_KINDS)(
  "beside Redis, with storage %s",
  (storage) => {
    let redis: Peer;
    let kvorum: Peer;

    beforeAll(async () => {
      [redis, kvorum] = await Promise.all([startRedis(), startKvorum({ storage })]);
    });

    afterAll(() => Promise.all([redis?.close(), kvorum?.close()]));

    async function open(protocol: number): Promise<Differential> {
      const differential = await Differential.open({ redis: redis.port, kvorum: kvorum.port });
      await differential.compare([["hello", `${protocol}`], ["flushall"]], () => "");
      return differential;
    }

    test.each([2, 3])("random calls by RESP%i", async (protocol) => {
      const differential = await open(protocol);
      const shapes = [...keyShapes, ...keyShapes, ...rareShapes].filter(([name]) => name !== "reset");
      const generator = new CallGenerator({ seed: `keys ${protocol}`, shapes, strays });
      for (let round = 0; round < 80; round++) {
        expect(await differential.compare(generator.calls(CALLS_AT_ONCE), normalise)).toEqual([]);
      }
      differential.close();
    });

    test.each([2, 3])("random transactions of two clients by RESP%i", async (protocol) => {
      const clients = [await open(protocol), await open(protocol)];
      const unordered = new Set(["randomkey", "object"]);
      const shapes = [...keyShapes, ...rareShapes, ...transactionShapes, ...transactionShapes].filter(
        ([name]) => !unordered.has(name as string),
      );
      const generator = new CallGenerator({ seed: `transactions ${protocol}`, shapes, strays });
      for (let round = 0; round < 800; round++) {
        const calls = generator.calls(1 + (round % 9));
        expect(await clients[round % 2]!.compare(calls, normalise)).toEqual([]);
      }
      for (const client of clients) client.close();
    });

    test("times that are given come back to the millisecond", async () => {
      const differential = await open(2);
      const random: ArgumentMaker = (chance) => [`${chance.between(1.9e12, 9e12).toFixed(0)}`];
      const generator = new CallGenerator({
        seed: "times",
        shapes: [
          ["pexpireat", "k", random],
          ["expireat", "k", integerBetween(1_900_000_000, 5_000_000_000)],
        ],
        strays,
      });
      const calls = generator
        .calls(300)
        .flatMap((call) => [["set", "k", "v"], call, ["expiretime", "k"], ["pexpiretime", "k"]]);
      expect(await differential.compare(calls)).toEqual([]);
      differential.close();
    });

    test("a scan in small steps meets the same keys", async () => {
      const differential = await open(2);
      const names = Array.from({ length: 500 }, (_, i) => `${i % 3 === 0 ? "{tag}" : ""}key:${i}`);
      await differential.compare(names.map((name) => ["set", name, "v"]));
      const complete = [["scan", "0", "count", "100000", "match", "*key:?5*"]];
      expect(await differential.compare(complete, normalise)).toEqual([]);
      differential.close();
    });

    test.skipIf(storage === "disk")("what a value is, as OBJECT tells it", async () => {
      const differential = await open(2);
      const values = [
        "",
        "0",
        "-0",
        "9999",
        "10000",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "1.5",
      ];
      const calls = [...values, "x".repeat(44), "x".repeat(45), " 1"].flatMap((text) => [
        ["set", "k", text],
        ["object", "encoding", "k"],
        ["object", "refcount", "k"],
        ["object", "idletime", "k"],
        ["object", "freq", "k"],
      ]);
      expect(await differential.compare(calls, normalise)).toEqual([]);
      const lfu = [
        ["config", "set", "maxmemory-policy", "allkeys-lfu"],
        ["set", "fresh", "v"],
      ];
      const usage = [
        ["object", "freq", "fresh"],
        ["object", "idletime", "fresh"],
        ["object", "freq", "absent"],
        ["object", "freq"],
        ["object", "freq", "k", "k"],
        ["object"],
        ["config", "set", "maxmemory-policy", "noeviction"],
      ];
      expect(await differential.compare([...lfu, ...usage])).toEqual([]);
      differential.close();
    });

    test("a transaction that is refused its EXEC is over", async () => {
      const differential = await open(2);
      const calls = [
        ["exec"],
        ["exec", "now"],
        ["discard"],
        ["multi"],
        ["exec", "now"],
        ["exec"],
        ["multi", "now"],
        ["multi"],
        ["multi"],
        ["watch", "k"],
        ["discard", "now"],
        ["exec"],
        ["multi"],
        ["set", "k", "v", "EX", "0"],
        ["get", "k", "k"],
        ["exec"],
        ["multi"],
        ["set", "k", "v", "EX", "0"],
        ["incr", "k"],
        ["exec"],
        ["multi"],
        ["shutdown"],
        ["exec"],
      ];
      expect(await differential.compare(calls)).toEqual([]);
      differential.close();
    });

    test.skipIf(storage === "disk")("memory runs out in a transaction", async () => {
      const differential = await open(2);
      const calls = [
        ["set", "x", "value"],
        ["multi"],
        ["set", "x", "1"],
        ["get", "x"],
        ["config", "set", "maxmemory", "1"],
        ["exec"],
        ["config", "set", "maxmemory", "1"],
        ["multi"],
        ["get", "x"],
        ["ping"],
        ["exec"],
        ["multi"],
        ["set", "x", "1"],
        ["discard"],
        ["config", "set", "maxmemory", "0"],
      ];
      expect(await differential.compare(calls)).toEqual([]);
      differential.close();
    });
  },
);
