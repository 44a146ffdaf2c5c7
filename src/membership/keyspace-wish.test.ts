import { expect, test } from "vitest";
import { type KeyspaceHost, type KeyspaceWish, wishedKeyspace } from "./keyspace-wish.ts";
import { KEYSPACES_MAX, type Keyspace } from "./topology.ts";
import { foundTopologyOf } from "./topology-change.ts";

const member = (id: string, datacenter: string) => ({ id, datacenter, rack: "r", machine: id, weight: 1 });
const founded = foundTopologyOf("c", [member("a", "dc1"), member("b", "dc1"), member("c", "dc2")]);
const CLUSTER: KeyspaceHost = founded.kind === "changed" ? founded.topology : { keyspaces: [], members: [] };
const ALONE: KeyspaceHost = { keyspaces: CLUSTER.keyspaces, members: [] };

function wished(host: KeyspaceHost, name: string, wish: KeyspaceWish): Keyspace {
  const result = wishedKeyspace(host, name, wish);
  if (result.kind === "refused") throw new Error(result.reason);
  return result.keyspace;
}

function reason(name: string, wish: KeyspaceWish, host = CLUSTER): string {
  const result = wishedKeyspace(host, name, wish);
  return result.kind === "refused" ? result.reason : "";
}

test("what is not named stays; a new keyspace begins as the default one is", () => {
  const first = wished(CLUSTER, "sessions", { ttlMs: 5 });
  expect(first).toEqual({ ...CLUSTER.keyspaces[0]!, name: "sessions", ttlMs: 5 });
  const host = { ...CLUSTER, keyspaces: [...CLUSTER.keyspaces, first] };
  expect(wished(host, "sessions", { read: "one" })).toEqual({ ...first, read: "one" });
  expect(wished(host, "default", { write: 2 })).toEqual({ ...CLUSTER.keyspaces[0]!, write: 2 });
});

test("what nothing could meet is refused, with the reason", () => {
  for (const name of ["", "a:b", "a b", "{a}", "x".repeat(65), "ä"])
    expect(reason(name, {})).toMatch(/is named by/);
  expect(reason("s", { write: 7 })).toBe("write 7: s keeps 6 copies");
  expect(reason("s", { mode: "cp" })).toMatch(/no mode cp yet/);
  expect(reason("s", { copies: new Map([["dc9", 3]]) })).toBe(
    "no member is in datacenter dc9: members are in dc1, dc2",
  );
  expect(reason("s", { copies: new Map([["dc1", 16]]) })).toMatch(/1 to 15 copies/);
  expect(reason("s", { copies: 2 })).toMatch(/as many copies yet as the default one/);
  expect(reason("default", { copies: new Map([["dc1", 2]]) })).toBe("");
  expect(reason("default", { copies: new Map([["dc1", 2]]), read: 3 })).toMatch(/keeps 2 copies/);
  expect(reason("s", { copies: new Map() })).toBe("some datacenter must keep copies");
  expect(reason("s", { copies: 3 }, ALONE)).toBe("a node alone keeps one copy of everything");
  expect(reason("s", { ttlMs: -1 })).toMatch(/expiry of s/);
});

test("there are no more keyspaces than can be looked through", () => {
  const many = Array.from({ length: KEYSPACES_MAX - 1 }, (_, i) => ({
    ...CLUSTER.keyspaces[0]!,
    name: `k${i}`,
  }));
  const host = { ...CLUSTER, keyspaces: [...many, ...CLUSTER.keyspaces] };
  expect(reason("one-more", {}, host)).toMatch(/no more are possible/);
  expect(reason("k1", { ttlMs: 1 }, host)).toBe("");
});

test("a keyspace in memory has limits of its own, and no other one has", () => {
  const limits = { maxmemoryBytes: 1000, evictionPolicy: "allkeys-lru" } as const;
  const pages = wished(CLUSTER, "pages", { storage: "memory", ...limits });
  expect(pages).toEqual({
    ...CLUSTER.keyspaces[0]!,
    ...{ name: "pages", storage: "memory", memory: { bytesMax: 1000, evictionPolicy: "allkeys-lru" } },
  });
  const host = { ...CLUSTER, keyspaces: [...CLUSTER.keyspaces, pages] };
  expect(wished(host, "pages", { maxmemoryBytes: 2000 }).memory).toEqual({ ...pages.memory, bytesMax: 2000 });
  expect(wished(host, "pages", { storage: "disk" })).toEqual({ ...CLUSTER.keyspaces[0]!, name: "pages" });
  expect(wished(CLUSTER, "pages", { storage: "memory" }).memory).toEqual({
    bytesMax: 0,
    evictionPolicy: "noeviction",
  });
  expect(reason("default", { storage: "memory" })).toMatch(/where the node's --storage says/);
  expect(reason("s", { maxmemoryBytes: 5 })).toMatch(/s has storage disk/);
  expect(reason("pages", { ...limits, storage: "disk" }, host)).toMatch(/pages has storage disk/);
  expect(reason("s", { storage: "memory", evictionPolicy: "allkeys-lru" })).toMatch(/say how much that is/);
  const volatile = { storage: "memory", maxmemoryBytes: 5, evictionPolicy: "volatile-ttl" } as const;
  expect(reason("s", volatile)).toMatch(/would fill the memory/);
  expect(reason("s", volatile, ALONE)).toBe("");
});
