/** The commands about connection and server answer random calls, good and bad, with the very bytes that Redis answers. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCommandTable } from "../src/server/commands.ts";
import {
  anyBytes,
  CallGenerator,
  type CallShape,
  integerBetween,
  oneOf,
  repeated,
  sequence,
} from "./support/call-generator.ts";
import { Differential, type Normalise } from "./support/differential.ts";
import { startKvorum } from "./support/kvorum-peer.ts";
import { RawClient } from "./support/raw-client.ts";
import { type Peer, redisAbsence, startRedis } from "./support/redis-peer.ts";

const CALLS = 10_000;

const strange = oneOf("", " 1", "+1", "01", "1.5", "abc", "-1", "9223372036854775807", "9223372036854775808");
const integer = oneOf(integerBetween(0, 20), integerBetween(-3, 3), strange);
const name = oneOf("", "bob", "a b", "x\ny", "\xc3\xa9", "\xff\x80", "~", anyBytes(5));
const password = oneOf("secret", "wrong", "", anyBytes(4));
const username = oneOf("default", "default", "Default", "bob", "");
const clientType = oneOf("normal", "PUBSUB", "master", "replica", "slave", "slaves", "");
const helloOption = oneOf(
  sequence(oneOf("SETNAME", "setname"), name),
  sequence(oneOf("AUTH", "auth"), username, password),
  oneOf("AUTH", "SETNAME", "bogus", "\xc3\xa9", "\xff\x80"),
);
const killOption = oneOf(
  sequence("ID", oneOf("999999", "0", "-1", "abc")),
  sequence("TYPE", oneOf("pubsub", "replica", "bogus")),
  sequence(oneOf("ADDR", "laddr"), oneOf("1.2.3.4:5", "")),
  sequence("USER", oneOf("default", "bob")),
  sequence("SKIPME", oneOf("yes", "YES", "maybe")),
  oneOf("ID", "bogus", "skipme"),
);
const glob = oneOf(
  "maxmemory",
  "maxmemory-clients",
  "client-output*",
  "MaxMemory",
  "lfu-log-factor",
  "timeout",
  "none",
  "slowlog-max-len",
);
const outputLimit = oneOf(
  "normal 0 0 0",
  "normal 256mb 0 0 REPLICA 256mb 64mb 60",
  "normal 2mb 1mb 60",
  "slave 1gb 0 0 pubsub 1 2 3",
  "pubsub 0 0 0",
  "normal 64mb 0",
  "normal  64mb 0 0",
  "",
  " ",
  "master 0 0 0",
  "bogus 0 0 0",
  "normal -1 0 0",
  "normal 1x 0 0",
  "normal 0 y 0",
  "normal 0 0 -1",
  "normal 0 0 1s",
  "normal 0 0 1 replica 0 0 x",
);
const setting = oneOf(
  sequence(oneOf("maxmemory", "MAXMEMORY"), oneOf("0", "1gb", "100gb", "2Gb", "1g", "1x", "-1")),
  sequence("maxmemory-policy", oneOf("noeviction", "ALLKEYS-LRU", "volatile-ttl", "lru", "")),
  sequence("appendfsync", oneOf("always", "EVERYSEC", "never")),
  sequence("maxmemory-samples", oneOf("5", "0", "1", "2147483648", strange)),
  sequence("lfu-log-factor", integer),
  sequence("lfu-decay-time", integer),
  sequence("timeout", oneOf("0", "86400", "-1", "abc")),
  sequence("maxclients", oneOf("100", "0", "abc", "4294967296")),
  sequence("slowlog-log-slower-than", oneOf("10000000", "-1", "-2", "abc")),
  sequence("slowlog-max-len", integer),
  sequence("latency-tracking", oneOf("yes", "NO", "on", "")),
  sequence("latency-tracking-info-percentiles", oneOf("50 99", "50", "100", "101", "-1", "a", "50.5 99.9")),
  sequence("requirepass", oneOf("", "secret")),
  sequence(
    "maxmemory-clients",
    oneOf("0", "100mb", "1gb", "5%", "0%", "100%", "101%", "%", "x%", "-1", "1x", ""),
  ),
  sequence("client-output-buffer-limit", outputLimit, repeated(oneOf("extra"), 0, 1)),
  sequence("proto-max-bulk-len", oneOf("1mb", "64mb", "x")),
  sequence(oneOf("databases", "daemonize", "unixsocket"), "1"),
  sequence("appendonly", oneOf("no", "NO")),
  sequence(oneOf("bogus", "", "Bogus*"), "1"),
  "timeout",
);
const request = oneOf(
  sequence(oneOf("get", "GET", "strlen", "append", "incr"), repeated(oneOf("k"), 0, 2)),
  sequence(oneOf("mset", "mget", "bitop", "lcs", "msetnx"), repeated(oneOf("a", "b"), 0, 5)),
  sequence(oneOf("set", "getex", "bitfield"), repeated(oneOf("k"), 0, 3)),
  sequence("set", "k", "v", repeated(oneOf("GET", "NX", "get", "PX"), 0, 2)),
  sequence("bitfield", "k", repeated(oneOf("GET", "SET", "incrby", "u8", "0"), 0, 4)),
  sequence(oneOf("memory", "MEMORY"), oneOf("usage", "stats", "bogus"), repeated(oneOf("k"), 0, 2)),
  sequence(oneOf("ping", "bogus", "config"), repeated(oneOf("k"), 1, 2)),
);

const shapes: readonly CallShape[] = [
  ["PING"],
  ["ping", name],
  ["ECHO", anyBytes(20)],
  ["SELECT", oneOf(integer, "15", "16", "2147483648", "-2147483649")],
  ["HELLO"],
  ["HELLO", oneOf("2", "3", "3", "1", "4", strange), repeated(helloOption, 0, 2)],
  ["AUTH", password],
  ["AUTH", username, password],
  ["AUTH", "default", "secret"],
  ["RESET"],
  ["CLIENT", oneOf("GETNAME", "getname")],
  ["CLIENT", "SETNAME", name],
  ["CLIENT", "LIST"],
  ["CLIENT", "LIST", oneOf("TYPE", "type", "ID", "bogus"), oneOf(clientType, strange)],
  ["CLIENT", "LIST", "ID", repeated(oneOf("999999", "999998", "x"), 1, 3)],
  ["CLIENT", "INFO"],
  ["CLIENT", "KILL", oneOf("1.2.3.4:5", "bogus", "")],
  ["CLIENT", "KILL", repeated(killOption, 1, 3)],
  ["CLIENT", "PAUSE", oneOf("0", "abc", "-1", "1.5"), oneOf("WRITE", "all", "bogus")],
  ["CLIENT", "PAUSE", oneOf("0", "abc", "-1")],
  ["CLIENT", "UNPAUSE"],
  ["CLIENT", "REPLY", oneOf("ON", "on", "bogus", "")],
  ["CLIENT", "NO-EVICT", oneOf("ON", "off", "bogus")],
  ["CLIENT", oneOf("bogus", "", "get\x00name", "\xc3\xa9", "\xff\x80", anyBytes(3))],
  ["CONFIG", "GET", glob],
  ["CONFIG", "SET", repeated(setting, 1, 3)],
  ["CONFIG", oneOf("RESETSTAT", "REWRITE", "bogus")],
  ["COMMAND", oneOf("GETKEYS", "GETKEYSANDFLAGS"), request],
  ["COMMAND", "INFO", oneOf("bogus", "get|bogus", "config|bogus", "ping", "client|id")],
  ["COMMAND", "DOCS", oneOf("bogus", "get|bogus")],
  ["COMMAND", "LIST", oneOf("FILTERBY", "bogus"), oneOf("MODULE", "bogus"), oneOf("none", "")],
  ["COMMAND", "LIST", "FILTERBY", "PATTERN", "none*", repeated(oneOf("more"), 0, 1)],
  ["COMMAND", "LIST", "FILTERBY"],
  ["SLOWLOG", "GET", oneOf("0", "-2", "abc", "10"), repeated(oneOf("1"), 0, 1)],
  ["SLOWLOG", oneOf("LEN", "reset", "bogus")],
  ["LATENCY", oneOf("LATEST", "RESET", "bogus", "HISTORY", "GRAPH")],
  [
    "LATENCY",
    oneOf("HISTORY", "GRAPH", "RESET", "HISTOGRAM"),
    oneOf("bogus", "get|bogus", "\xc3\xa9", "\xff\x80"),
  ],
  ["MEMORY", "USAGE", "none", repeated(oneOf("SAMPLES", "0", "-1", "abc"), 0, 2)],
  ["MEMORY", oneOf("PURGE", "bogus")],
  ["ACL", oneOf("WHOAMI", "USERS", "LIST", "CAT")],
  ["ACL", "CAT", oneOf("bogus", "")],
  ["ACL", "GETUSER", username],
  ["MODULE", "LIST"],
  ["FUNCTION", "FLUSH", oneOf("ASYNC", "sync", "bogus", "")],
  ["FUNCTION", "FLUSH", oneOf("ASYNC", "bogus"), "x"],
  ["FUNCTION", "LIST", oneOf("WITHCODE", "LIBRARYNAME", "bogus"), oneOf("WITHCODE", "LIBRARYNAME", "x")],
  ["FUNCTION", "DELETE", oneOf("x", "")],
  ["SCRIPT", "FLUSH", oneOf("ASYNC", "sync", "bogus", "")],
  ["SCRIPT", "FLUSH", oneOf("ASYNC", "bogus"), "x"],
  ["SCRIPT", "EXISTS", oneOf("x", ""), oneOf("x", "")],
  ["CLUSTER", oneOf("INFO", "nodes", "SLOTS", "SHARDS", "MYID", "LINKS", "bogus")],
  [oneOf("READONLY", "READWRITE")],
  ["WAIT", oneOf("0", "abc", "-1"), oneOf("0", "-1", "abc")],
  ["ROLE"],
  ["INFO", oneOf("bogus", "")],
  ["DEBUG", oneOf("bogus", "OBJECT")],
  ["DEBUG", "PROTOCOL", oneOf("string", "integer", "double", "bignum", "null", "array", "set", "bogus")],
  ["DEBUG", "PROTOCOL", oneOf("map", "verbatim", "true", "false")],
  ["DEBUG", "ERROR", oneOf("MY own error", "x\r\ny", "\xc3\xa9", "\xff\x80")],
  [oneOf("bogus", "", "x\r\ny", "\xc3\xa9", "\xff\x80", "a\x00b", "get|set"), repeated(anyBytes(50), 0, 5)],
  ["x".repeat(200), "y".repeat(100), "z".repeat(100)],
];

/** What of a line of CLIENT LIST two servers may rightly say differently. */
const CLIENT_FIELDS =
  /\b(id|addr|laddr|fd|age|idle|qbuf|qbuf-free|argv-mem|rbs|rbp|tot-mem)=[^ \n]*| lib-name=[^ ]* lib-ver=[^ \n]*/g;

/** What tells of all commands, or of the whole server. */
const UNLIKE = new Set(["COMMAND DOCS", "COMMAND INFO", "COMMAND LIST", "INFO", "LATENCY HISTOGRAM"]);

const normalise: Normalise = (reply, call) => {
  const command = call.slice(0, 2).join(" ").toUpperCase();
  if (UNLIKE.has(call.join(" ").toUpperCase())) return "";
  if (command.startsWith("HELLO")) return reply.replace(/(\$2\r\nid\r\n):\d+/, "$1:N");
  if (command !== "CLIENT LIST" && command !== "CLIENT INFO") return reply;
  return reply.replace(/^[$=]\d+/, "LENGTH").replaceAll(CLIENT_FIELDS, "");
};

describe.skipIf(redisAbsence !== undefined)("like Redis 7.0", () => {
  let redis: Peer;
  let kvorum: Peer;

  beforeEach(async () => {
    [redis, kvorum] = await Promise.all([
      startRedis("--enable-debug-command", "yes"),
      startKvorum({ storage: "memory" }),
    ]);
  });

  afterEach(() => Promise.all([redis?.close(), kvorum?.close()]));

  test("every reply has the same bytes", async () => {
    const generator = new CallGenerator({ seed: "server-1", shapes, strays: oneOf("", "bogus") });
    const peers = await Differential.open({ redis: redis.port, kvorum: kvorum.port });
    const differences: string[] = [];
    const alike = ["maxmemory-clients", "0", "client-output-buffer-limit", "normal 0 0 0"];
    await peers.compare([["CONFIG", "SET", "slowlog-log-slower-than", "-1", ...alike]]);
    // One at a time: Redis hangs up on a client that is not let in and has a kilobyte of replies to read.
    for (const call of generator.calls(CALLS)) differences.push(...(await peers.compare([call], normalise)));
    peers.close();
    expect(differences.slice(0, 10)).toEqual([]);
  });

  test("what would take a server away is refused when asked for wrongly", async () => {
    const peers = await Differential.open({ redis: redis.port, kvorum: kvorum.port });
    const calls = [["bogus"], ["ABORT"], ["NOSAVE", "SAVE"], ["NOW", "ABORT"], ["abort", "bogus"]];
    expect(await peers.compare(calls.map((options) => ["SHUTDOWN", ...options]))).toEqual([]);
    expect(
      await peers.compare([["REPLICAOF", "no", "ONE"], ["slaveof", "NO", "one"], ["REPLICAOF"]]),
    ).toEqual([]);
    peers.close();
  });

  test("settings of what is not there may be set to nothing", async () => {
    const peers = await Differential.open({ redis: redis.port, kvorum: kvorum.port });
    const names = ["save", "notify-keyspace-events"];
    expect(await peers.compare(names.map((name) => ["CONFIG", "SET", name, ""]))).toEqual([]);
    peers.close();
  });

  test("every command says of itself what Redis says of it", async () => {
    const clients = await Promise.all([RawClient.connect(redis.port), RawClient.connect(kvorum.port)]);
    await Promise.all(clients.map((client) => client.call("HELLO", "3")));
    const names = createCommandTable()
      .items.flatMap((item) =>
        item.kind === "command" ? [item.entry.command] : [item.container, ...item.container.subcommands],
      )
      .map((command) => command.name);
    const asked = names.map((name) => ["COMMAND", "INFO", name]);
    const [expected, actual] = await Promise.all(clients.map((client) => client.send(asked)));
    const unknown = Buffer.from("*1\r\n_\r\n");
    const known = names.filter((_name, i) => !expected![i]!.equals(unknown));
    expect(known.length).toBeGreaterThan(100);
    const failures = actual!.map(String).filter((reply) => !reply.startsWith("*1\r\n*10\r\n"));
    expect(failures).toEqual([]);
    const facts = (replies: readonly Buffer[]) =>
      known.map((name) => withoutNotes(replies[names.indexOf(name)]!.toString("latin1")));
    expect(facts(actual!)).toEqual(facts(expected!));
    for (const client of clients) client.close();
  });
});

/** Without the remarks about keys, which are Redis's own words, and without the list of subcommands. */
function withoutNotes(reply: string): string {
  const noted = reply.replaceAll(/%4\r\n(\$5\r\nnotes\r\n)\$\d+\r\n.*\r\n/g, "%3\r\n");
  const subcommands = noted.search(/(?<=~\d+\r\n)\*\d+\r\n\*10\r\n/);
  return subcommands < 0 ? noted : noted.slice(0, subcommands);
}
