import { expect, test } from "vitest";
import { SimServer } from "../../../test/support/sim-server.ts";
import { metricsText } from "./metric-catalog.ts";
import { metricSummary } from "./metric-summary.ts";
import { MetricWatch } from "./metric-watch.ts";

async function world(seed: string) {
  const sim = await new SimServer(seed, "in place").listen();
  const client = await sim.client();
  const watch = new MetricWatch(sim.server, undefined);
  const call = (...words: string[]) => sim.settle(client.call(...words));
  const value = async (name: string, labels: string): Promise<number | undefined> => {
    const line = (await metricsText(watch)).split("\n").find((text) => text.startsWith(`${name}{${labels}}`));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  return { sim, call, value, watch };
}

test("conflicts are counted for the keyspace of their key, until they are resolved", async () => {
  const { call, value, watch } = await world("conflicts");
  await call("KV.KEYSPACE", "SET", "carts", "TTL", "0");
  for (const item of ["milk", "bread", "tea"]) await call("KV.PUT", "carts:7", item);
  await call("KV.PUT", "other", "one");
  await call("INCR", "carts:visits");
  await call("INCR", "carts:visits");
  expect(await value("kvorum_conflicts_total", 'keyspace="carts"')).toBe(2);
  expect(await value("kvorum_conflicts_total", 'keyspace="default"')).toBe(0);
  expect(await value("kvorum_conflicting_keys", 'keyspace="carts"')).toBe(1);
  expect(await value("kvorum_key_siblings_bucket", 'keyspace="carts",le="2"')).toBe(1);
  expect(await value("kvorum_key_siblings_bucket", 'keyspace="carts",le="3"')).toBe(2);
  expect(await value("kvorum_key_siblings_sum", 'keyspace="carts"')).toBe(5);
  await call("SET", "carts:7", "all three");
  expect(await value("kvorum_conflicting_keys", 'keyspace="carts"')).toBe(0);
  expect(await value("kvorum_conflicts_resolved_total", 'keyspace="carts"')).toBe(1);
  expect(metricSummary(watch).conflicts).toMatchObject({
    carts: { conflicts: 2, resolved: 1, unresolved: 0, most: 3 },
    default: { conflicts: 0 },
  });
});

test("evictions are counted for the keyspace of the key that went", async () => {
  const { sim, call, value, watch } = await world("evictions");
  await call("KV.KEYSPACE", "SET", "pages", "TTL", "0");
  for (let i = 0; i < 300; i++) await call("SET", `pages:${i}`, "x".repeat(1_000));
  await call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  await call("CONFIG", "SET", "maxmemory", "100000");
  for (let i = 0; i < 300; i++) await call("SET", `other ${i}`, "x".repeat(1_000));
  const { evictedRows } = sim.server.node.engine.statistics;
  const pages = await value("kvorum_evicted_keys_total", 'keyspace="pages"');
  const others = await value("kvorum_evicted_keys_total", 'keyspace="default"');
  expect(pages).toBeGreaterThan(200);
  expect(others).toBeGreaterThan(200);
  expect(pages! + others!).toBe(evictedRows);
  await sim.settle(sim.server.runtime.clock.sleep(1_000));
  watch.look();
  expect(metricSummary(watch).evictionsPerSecond.pages).toBeGreaterThan(0);
});
