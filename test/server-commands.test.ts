/** What the server tells of itself, and how it is changed while it runs: tested over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunningServer } from "../src/server/server.ts";
import { startKvorum } from "./support/kvorum-peer.ts";
import { type Call, RawClient } from "./support/raw-client.ts";

let server: RunningServer;
let client: RawClient;

beforeEach(async () => {
  server = await startKvorum({ storage: "memory" });
  client = await RawClient.connect(server.port);
});

afterEach(async () => {
  client.close();
  await server.close();
});

async function say(...call: Call): Promise<string> {
  return (await client.call(...call)).toString("latin1");
}

async function info(...sections: string[]): Promise<ReadonlyMap<string, string>> {
  const lines = (await say("INFO", ...sections)).split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

async function setting(name: string): Promise<string | undefined> {
  return (await say("CONFIG", "GET", name)).split("\r\n").at(-2);
}

async function titles(...sections: string[]): Promise<readonly string[]> {
  return [...(await say("INFO", ...sections)).matchAll(/^# (\w+)/gm)].map((match) => match[1]!);
}

describe("INFO", () => {
  test("has the fields that clients and exporters look for", async () => {
    const fields = await info("everything");
    expect(fields.get("redis_version")).toBe("7.0.15");
    expect(fields.get("redis_mode")).toBe("standalone");
    expect(fields.get("loading")).toBe("0");
    expect(fields.get("role")).toBe("master");
    expect(fields.get("connected_slaves")).toBe("0");
    expect(fields.get("tcp_port")).toBe(`${server.port}`);
    expect(Number(fields.get("used_memory"))).toBeGreaterThan(0);
    expect(Number(fields.get("used_memory_peak"))).toBeGreaterThanOrEqual(Number(fields.get("used_memory")));
    expect(Number(fields.get("used_memory_rss"))).toBeGreaterThan(1_000_000);
    expect(fields.get("used_memory_human")).toMatch(/^[\d.]+[BKM]$/);
    expect(Number(fields.get("used_cpu_user"))).toBeGreaterThan(0);
  });

  test("shows the sections asked for, each once, in an order of its own", async () => {
    expect(await titles("keyspace", "CPU", "cpu", "none")).toEqual(["CPU", "Keyspace"]);
    expect(await titles("none")).toEqual([]);
    const usual = await titles();
    expect(usual).toEqual(await titles("default"));
    expect(usual).not.toContain("Commandstats");
    expect(await titles("all")).toContain("Commandstats");
    expect(await titles("all")).not.toContain("Modules");
    expect(await titles("everything")).toEqual(expect.arrayContaining(["Modules", "Latencystats"]));
  });

  test("counts calls, refusals and errors by command and by code, until CONFIG RESETSTAT", async () => {
    await client.send([["SET", "a", "x"], ["GET", "a"], ["GET"], ["INCR", "a"], ["bogus"], ["GET", "none"]]);
    const fields = await info("all");
    expect(fields.get("cmdstat_get")).toMatch(
      /^calls=2,usec=\d+,usec_per_call=[\d.]+,rejected_calls=1,failed_calls=0$/,
    );
    expect(fields.get("cmdstat_incr")).toMatch(/^calls=1,.*,rejected_calls=0,failed_calls=1$/);
    expect(fields.get("errorstat_ERR")).toBe("count=3");
    expect(fields.get("total_error_replies")).toBe("3");
    expect(fields.get("latency_percentiles_usec_get")).toMatch(/^p50=[\d.]+,p99=[\d.]+,p99\.9=[\d.]+$/);
    expect(fields.get("keyspace_hits")).toBe("1");
    expect(fields.get("keyspace_misses")).toBe("1");
    await say("CONFIG", "RESETSTAT");
    const after = await info("all");
    expect(after.get("cmdstat_get")).toBeUndefined();
    expect(after.get("errorstat_ERR")).toBeUndefined();
    expect(after.get("keyspace_hits")).toBe("0");
  });

  test("counts keys by database", async () => {
    await client.send([
      ["SET", "a", "1"],
      ["SELECT", "3"],
      ["SET", "b", "1", "EX", "100"],
      ["SET", "c", "1"],
    ]);
    const fields = await info("keyspace");
    expect(fields.get("db0")).toBe("keys=1,expires=0,avg_ttl=0");
    expect(fields.get("db3")).toBe("keys=2,expires=1,avg_ttl=0");
    expect(fields.get("db1")).toBeUndefined();
  });

  test("counts bytes both ways", async () => {
    const before = await info("stats");
    await say("ECHO", "x".repeat(1000));
    const after = await info("stats");
    for (const name of ["total_net_input_bytes", "total_net_output_bytes"]) {
      expect(Number(after.get(name)) - Number(before.get(name))).toBeGreaterThan(1000);
    }
  });
});

describe("CONFIG SET", () => {
  test("changes all parameters or none", async () => {
    expect(await say("CONFIG", "SET", "timeout", "60", "maxmemory-policy", "bogus")).toMatch(
      /^-ERR CONFIG SET failed/,
    );
    expect(await setting("timeout")).toBe("0");
    expect(await say("CONFIG", "SET", "timeout", "60", "port", "1")).toMatch(/can't set immutable config/);
    expect(await setting("timeout")).toBe("0");
    expect(await say("CONFIG", "SET", "timeout", "60", "maxmemory", "1mb")).toBe("+OK\r\n");
    expect(await setting("timeout")).toBe("60");
    expect(await setting("maxmemory")).toBe("1048576");
  });

  test("maxmemory refuses writes at once", async () => {
    await say("CONFIG", "SET", "maxmemory", "1");
    expect(await say("SET", "a", "1")).toBe("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    await say("CONFIG", "SET", "maxmemory", "0");
    expect(await say("SET", "a", "1")).toBe("+OK\r\n");
  });

  test("maxmemory bounds used_memory but for what clients hold", async () => {
    await say("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "allkeys-lru");
    await say("DEBUG", "POPULATE", "20000", "k", "100");
    const fields = await info();
    const rowBytes = Number(fields.get("used_memory")) - Number(fields.get("mem_clients_normal"));
    expect(rowBytes).toBeLessThan(1024 * 1024 + 4096); // the margin that Redis's own tests allow
    expect(rowBytes).toBeGreaterThan(900 * 1024);
    expect(Number(fields.get("evicted_keys"))).toBeGreaterThan(10_000);
  });

  test("maxclients turns the next client away", async () => {
    await say("CONFIG", "SET", "maxclients", "1");
    const late = await RawClient.connect(server.port);
    const [refusal] = await late.sendBytes(new Uint8Array(0), 1);
    expect(String(refusal)).toBe("-ERR max number of clients reached\r\n");
    late.close();
  });

  test("proto-max-bulk-len bounds values of clients connected before", async () => {
    const value = "x".repeat(2 * 1024 * 1024);
    expect(await say("SET", "a", value)).toBe("+OK\r\n");
    await say("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    expect(await say("SET", "a", value)).toMatch(/^-ERR/);
    expect(await say("PING")).toBe("+PONG\r\n");
  });

  test("slowlog-max-len and slowlog-log-slower-than rule the slow log", async () => {
    await say("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "2");
    await client.send([
      ["GET", "a"],
      ["GET", "b"],
      ["GET", "c"],
    ]);
    expect(await say("SLOWLOG", "LEN")).toBe(":2\r\n");
    expect(await say("SLOWLOG", "GET", "1")).toContain("\r\nSLOWLOG\r\n");
    await say("CONFIG", "SET", "slowlog-log-slower-than", "-1");
    await client.send([
      ["SLOWLOG", "RESET"],
      ["GET", "a"],
    ]);
    expect(await say("SLOWLOG", "LEN")).toBe(":0\r\n");
  });

  test("client-output-buffer-limit takes limits as Redis writes them, 0 for none; a hard one of at least 1 MiB", async () => {
    const name = "client-output-buffer-limit";
    expect(await say("CONFIG", "SET", name, "normal 2mb 1mb 60 pubsub 32mb 8mb 60")).toBe("+OK\r\n");
    expect(await setting(name)).toBe(
      "normal 2097152 1048576 60 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    );
    expect(await say("CONFIG", "SET", name, "normal 0 0 0")).toBe("+OK\r\n");
    expect(await setting(name)).toMatch(/^normal 0 0 0 /);
    expect(await say("CONFIG", "SET", name, "normal 1000 0 0")).toMatch(/0 or at least 1mb/);
    expect(await setting(name)).toMatch(/^normal 0 0 0 /);
  });

  test("a setting that has one value only may be set to it", async () => {
    expect(await say("CONFIG", "SET", "appendonly", "no", "save", "")).toBe("+OK\r\n");
    expect(await say("CONFIG", "SET", "appendonly", "yes")).toMatch(/supports only 'no'/);
  });

  test("latency-tracking no hides latencies", async () => {
    await say("GET", "a");
    expect(await say("LATENCY", "HISTOGRAM", "get")).toMatch(
      /^\*2\r\n\$3\r\nget\r\n\*4\r\n\$5\r\ncalls\r\n:1\r\n/,
    );
    await say("CONFIG", "SET", "latency-tracking", "no");
    expect(await say("LATENCY", "HISTOGRAM", "get")).toBe("*0\r\n");
    expect([...(await info("latencystats")).keys()]).toEqual([]);
  });
});

test("CONFIG GET finds by pattern, in any case, and shows what is asked for as it was asked for", async () => {
  expect(await say("CONFIG", "GET", "MAXMEMORY-S*")).toBe("*2\r\n$17\r\nmaxmemory-samples\r\n$1\r\n5\r\n");
  expect(await say("CONFIG", "GET", "MaxClients", "none")).toBe("*2\r\n$10\r\nMaxClients\r\n$5\r\n10000\r\n");
});

test("LATENCY HISTOGRAM takes a container for all its subcommands", async () => {
  await client.send([
    ["CLIENT", "ID"],
    ["CLIENT", "GETNAME"],
  ]);
  const all = await say("LATENCY", "HISTOGRAM", "client");
  expect(all).toContain("client|id");
  expect(all).toContain("client|getname");
  expect(await say("LATENCY", "HISTOGRAM", "client|id")).not.toContain("getname");
});

test("MEMORY USAGE grows with the value", async () => {
  await client.send([
    ["SET", "short", "1"],
    ["SET", "long", "x".repeat(1000)],
  ]);
  const bytes = async (key: string) => Number((await say("MEMORY", "USAGE", key)).slice(1));
  expect(await bytes("short")).toBeGreaterThan(5);
  expect(await bytes("long")).toBeGreaterThan((await bytes("short")) + 900);
});

test("DEBUG POPULATE makes keys, but leaves those that are there", async () => {
  await say("SET", "k:1", "mine");
  expect(await say("DEBUG", "POPULATE", "2500", "k", "10")).toBe("+OK\r\n");
  expect(await say("GET", "k:1")).toBe("$4\r\nmine\r\n");
  expect(await say("GET", "k:2499")).toBe("$10\r\nvalue:2499\r\n");
  expect((await info("keyspace")).get("db0")).toMatch(/^keys=2500,/);
});

test("DEBUG OBJECT describes a value, if it is there", async () => {
  await say("SET", "a", "12345");
  expect(await say("DEBUG", "OBJECT", "a")).toMatch(
    /^\+Value at:.* serializedlength:5 lru:\d+ lru_seconds_idle:0\r\n$/,
  );
  expect(await say("DEBUG", "OBJECT", "b")).toBe("-ERR no such key\r\n");
});

describe("DEBUG SET-ACTIVE-EXPIRE 0 leaves expired keys", () => {
  const rows = async (): Promise<string> => (await info("keyspace")).get("db0")?.split(",")[0] ?? "keys=0";
  const serverMs = async (): Promise<number> => Number((await info("server")).get("server_time_usec")) / 1000;

  beforeEach(async () => {
    await say("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    for (const key of ["a", "b"]) await say("SET", key, "1", "PX", "300");
    const endMs = (await serverMs()) + 301;
    while ((await serverMs()) < endMs);
  });

  test("until they are dropped in the background again", async () => {
    expect(await rows()).toBe("keys=2");
    await say("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    while ((await rows()) !== "keys=0");
    expect((await info("stats")).get("expired_keys")).toBe("2");
  });

  test.each([
    ["GET", "a"],
    ["MGET", "a", "a"],
    ["EXISTS", "a"],
    ["STRLEN", "a"],
    ["TTL", "a"],
    ["DEL", "a"],
    ["GETDEL", "a"],
    ["PERSIST", "a"],
    ["SET", "a", "1", "XX"],
  ])("but drops the one that %s %s meets", async (...call: string[]) => {
    await say(...call);
    expect(await rows()).toBe("keys=1");
    expect((await info("stats")).get("expired_keys")).toBe("1");
  });
});

test("COMMAND DOCS tells the arguments of a command", async () => {
  await say("HELLO", "3");
  const reply = await say("COMMAND", "DOCS", "getex");
  expect(reply).toMatch(/^%1\r\n\$5\r\ngetex\r\n%/);
  expect(reply).toContain("$9\r\narguments\r\n*2\r\n%3\r\n$4\r\nname\r\n$3\r\nkey\r\n");
  expect(reply).toContain("$5\r\ntoken\r\n$4\r\nPXAT\r\n");
});

test("TIME is the wall's", async () => {
  const [seconds, micros] = [...(await say("TIME")).matchAll(/^\d+\r$/gm)].map(([text]) =>
    Number.parseInt(text, 10),
  );
  const uptime = Number((await info("server")).get("server_time_usec"));
  expect(Math.abs(uptime - (seconds! * 1_000_000 + micros!))).toBeLessThan(60_000_000);
});
