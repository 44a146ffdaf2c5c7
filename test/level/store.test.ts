/** Stores on real files, as a program meets them: kept, refused, too large, flushed and merged. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KvorumLevel, openStore } from "../../src/kvorum.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-store-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("what was put is there after the store was closed and opened again", async () => {
  const store = await openStore(directory);
  await store.put("a", "1");
  await store.put("empty", "");
  await store.put("gone", "x");
  await store.del("gone", { sync: true });
  await store.close();
  const again = await openStore(directory);
  expect(await again.iterator().all()).toEqual([
    ["a", "1"],
    ["empty", ""],
  ]);
  expect([again.getSync("a"), again.getSync("empty"), again.getSync("gone")]).toEqual(["1", "", undefined]);
  await again.close();
});

test("a directory is open once", async () => {
  const store = await openStore(directory);
  const refusal = await openStore(directory).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "LEVEL_DATABASE_NOT_OPEN", cause: { code: "LEVEL_LOCKED" } });
  await store.put("still", "there");
  await store.close();
  const again = await openStore(directory);
  expect(await again.get("still")).toBe("there");
  await again.close();
});

test("a store that could not be opened leaves nothing locked", async () => {
  const refusal = await openStore(directory, { createIfMissing: false }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ cause: { code: "LEVEL_NOT_FOUND" } });
  await (await openStore(directory)).close();
  const second = await openStore(directory, { errorIfExists: true }).catch((error: unknown) => error);
  expect(second).toMatchObject({ cause: { code: "LEVEL_EXISTS" } });
  await (await openStore(directory)).close();
});

test("a node's data directory is no store", async () => {
  writeFileSync(join(directory, "IDENTITY"), "");
  const refusal = await openStore(directory).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ cause: { code: "LEVEL_FOREIGN" } });
  expect(existsSync(join(directory, "log"))).toBe(false);
});

test("keys may have 64 KiB; one that is longer is refused, with all of its batch", async () => {
  const store = await openStore<Buffer, string>(directory, { keyEncoding: "buffer" });
  const longest = Buffer.alloc(64 * 1024, 0xff);
  await store.put(longest, "long");
  expect(await store.get(longest)).toBe("long");
  const tooLong = Buffer.alloc(longest.length + 1);
  const refused = expect.objectContaining({ code: "INVALID_REQUEST", outcome: "not-applied" });
  await expect(store.put(tooLong, "")).rejects.toEqual(refused);
  const batch = [
    { type: "put" as const, key: Buffer.from("before"), value: "" },
    { type: "put" as const, key: tooLong, value: "" },
  ];
  await expect(store.batch(batch)).rejects.toEqual(refused);
  expect(await store.keys().all()).toEqual([longest]);
  await store.close();
});

test("a batch may be larger than a memtable", async () => {
  const store = await openStore(directory, { memtableBytes: 64 * 1024, durability: "memory" });
  const operations = Array.from({ length: 1000 }, (_, i) => ({
    type: "put" as const,
    key: `key ${i}`,
    value: "ü".repeat(i),
  }));
  await store.batch(operations, { sync: true });
  expect((await store.values().all()).reduce((sum, value) => sum + value.length, 0)).toBe((999 * 1000) / 2);
  await store.close();
});

test("rows that were flushed and merged are found by key, from either end, and at once", async () => {
  const options = { memtableBytes: 64 * 1024, cacheBytes: 32 * 1024, durability: "memory" } as const;
  const store = await openStore(directory, options);
  const name = (i: number): string => `key:${`${i}`.padStart(5, "0")}`;
  let early: ReturnType<KvorumLevel["snapshot"]> | undefined;
  for (let i = 0; i < 5000; i++) {
    await store.put(name((i * 7) % 5000), `${i} ${"x".repeat(i % 100)}`);
    if (i === 499) early = store.snapshot();
    if (i % 10 === 9) await store.del(name((i * 7) % 5000));
  }
  const keys = Array.from({ length: 5000 }, (_, i) => i).filter((i) => ((i * 2143) % 5000) % 10 !== 9);
  expect(readdirSync(join(directory, "tables")).length).toBeGreaterThan(1);
  const expected = keys.map(name);
  expect(await store.keys().all()).toEqual(expected);
  expect(await store.keys({ reverse: true, lt: name(4000), limit: 50 }).all()).toEqual(
    expected
      .filter((key) => key < name(4000))
      .slice(-50)
      .reverse(),
  );
  for (const i of keys.filter((key) => key % 50 === 0)) {
    const value = await store.get(name(i));
    expect(value).toMatch(new RegExp(`^${(i * 2143) % 5000} x*$`));
    expect(store.getSync(name(i))).toBe(value);
  }
  expect((await store.keys({ snapshot: early }).all()).length).toBe(500 - 49);
  await store.close();
});

test("a read that is under way when the store closes still has its answer", async () => {
  const options = { memtableBytes: 16 * 1024, cacheBytes: 0 } as const;
  const store = await openStore(directory, options);
  for (let i = 0; i < 200; i++) await store.put(`${i}`, "x".repeat(500));
  const reads = Promise.all(Array.from({ length: 200 }, (_, i) => store.get(`${i}`)));
  const closing = store.close();
  expect((await reads).every((value) => value?.length === 500)).toBe(true);
  await closing;
});

test("sublevels, hooks and events are those of every Level database", async () => {
  const store = new KvorumLevel<string, { readonly city: string }>(directory, { valueEncoding: "json" });
  const byCity = store.sublevel("by-city");
  store.hooks.prewrite.add((operation, batch) => {
    if (operation.type !== "put" || operation.value.city === undefined) return;
    const { key, value } = operation;
    batch.add({ type: "put", key: `${value.city}!${key}`, value: "", sublevel: byCity } as never);
  });
  const written: string[] = [];
  store.on("write", (operations: readonly { readonly key: string }[]) => {
    written.push(...operations.map(({ key }) => key));
  });
  await store.put("ada", { city: "London" });
  await store.batch().put("carl", { city: "Göttingen" }).put("emmy", { city: "Göttingen" }).write();
  expect(await byCity.keys({ gt: "Göttingen!", lt: 'Göttingen"' }).all()).toEqual([
    "Göttingen!carl",
    "Göttingen!emmy",
  ]);
  expect(await store.get("emmy")).toEqual({ city: "Göttingen" });
  expect(written.filter((key) => !key.includes("!"))).toEqual(["ada", "carl", "emmy"]);
  await store.close();
});
