import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "./settings.ts";
import { completeSettings } from "./settings-schema.ts";

test("the defaults are fit to run with, and fill what is not given", () => {
  expect(completeSettings({})).toEqual(DEFAULT_SETTINGS);
  expect(completeSettings({ port: 0, maxClients: 5 })).toEqual({
    ...DEFAULT_SETTINGS,
    port: 0,
    maxClients: 5,
  });
});

test("undefined means not given", () => {
  expect(completeSettings({ host: undefined } as unknown as Partial<NodeSettings>).host).toBe("127.0.0.1");
});

test.each([
  [{ port: 65536 }, "port must be a whole number from 0 to 65535 (0 takes any free port)"],
  [{ port: 1.5 }, "port must be a whole number from 0 to 65535 (0 takes any free port)"],
  [{ port: "6379" }, "port must be a whole number from 0 to 65535 (0 takes any free port)"],
  [{ host: "" }, "host must be an address or a host name, without brackets or a port"],
  [{ host: "localhost:6379" }, "host must be an address or a host name, without brackets or a port"],
  [{ host: "[::1]" }, "host must be an address or a host name, without brackets or a port"],
  [{ dataDirectory: "" }, "dataDirectory must be a directory"],
  [{ storage: "disk", maxmemoryBytes: 1 }, /^maxmemoryBytes must be 0 with storage disk/],
  [{ diskTimeoutMs: -1 }, "diskTimeoutMs must be a duration such as 10s or 1m (0 for never)"],
  [{ memtableBytes: 1 }, "memtableBytes must be a size from 1mb to 1gb"],
  [
    { memtableBytes: 1024 ** 2 + 1 },
    "memtableBytes must be a size from 1mb to 1gb, in whole words of 4 bytes",
  ],
  [{ blockCacheBytes: 0 }, "blockCacheBytes must be a size of at least 1mb"],
  [{ recover: "yes" }, "recover must be true or false"],
  [{ storage: "tape" }, "storage must be one of memory, disk"],
  [{ maxmemoryBytes: -1 }, "maxmemoryBytes must be a size such as 256mb or 4gb (0 for no limit)"],
  [{ evictionPolicy: "lru" }, /^evictionPolicy must be one of noeviction, allkeys-lru, /],
  [{ fsync: "never" }, "fsync must be one of always, everysec, no"],
  [{ password: "" }, "password must be 1 to 1024 characters"],
  [{ maxClients: 0 }, "maxClients must be a whole number from 1 to 1000000"],
  [{ idleTimeoutMs: -1 }, "idleTimeoutMs must be a duration such as 30s or 5m (0 for never)"],
  [{ valueBytesMax: 10 }, "valueBytesMax must be a size from 1kb to 64mb"],
  [{ outputBufferBytesMax: 10 }, "outputBufferBytesMax must be a size of at least 1mb"],
  [{ clientMemoryBytesMax: 10 }, "clientMemoryBytesMax must be a size of at least 1mb"],
  [
    { slowlogThresholdMicros: -2 },
    "slowlogThresholdMicros must be a duration such as 10ms or 500us (0 keeps every command), or off",
  ],
  [{ slowlogLength: -1 }, "slowlogLength must be a whole number from 0 to 1000000"],
  [{ databases: 32 }, "databases must be 16"],
  [{ prot: 1 }, "there is no setting prot"],
])("%j is refused, with the rule", (given, message) => {
  expect(() => completeSettings(given as Partial<NodeSettings>)).toThrow(message);
});

test("a refusal is a StoreError, so that a program can tell", () => {
  expect(() => completeSettings({ port: -1 })).toThrow(StoreError);
  expect(() => completeSettings({ port: -1 })).toThrow(
    expect.objectContaining({ code: "INVALID_SETTING", outcome: "not-applied" }),
  );
});

test.each(["127.0.0.1", "127.8.9.10", "::1", "localhost", "LocalHost"])("%s needs no password", (host) => {
  expect(completeSettings({ host }).host).toBe(host);
});

test.each([
  "0.0.0.0",
  "::",
  "10.0.0.7",
  "kvorum.example.com",
  "127.example.com",
  "fe80::1%eth0",
  "::ffff:10.0.0.7",
])("%s needs a password", (host) => {
  expect(() => completeSettings({ host })).toThrow("unless a password is set");
  expect(completeSettings({ host, password: "secret" }).host).toBe(host);
});
