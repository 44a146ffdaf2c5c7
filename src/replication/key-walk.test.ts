import { beforeEach, describe, expect, test } from "vitest";
import { ReplicaBench } from "../../test/support/replica-bench.ts";
import { toText, utf8 } from "../base/bytes.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import { positionOfRow, RowKey } from "../storage/row-key.ts";
import { PLACES_END } from "./key-walk.ts";

describe.each([0, 5])("with %i of 10 calls answered later", (slowInTen) => {
  let bench: ReplicaBench;

  beforeEach(() => {
    bench = new ReplicaBench(slowInTen);
  });

  async function step(from: number, rowsMax: number, database = 0): Promise<[next: number, keys: string[]]> {
    const keys: string[] = [];
    const { wallMs } = bench;
    const next = await bench.settle(
      bench.replica.walkKeys({ database, from, rowsMax, wallMs }, (bytes, start, end) => {
        keys.push(toText(bytes.subarray(start, end)));
      }),
    );
    return [next, keys];
  }

  /** All steps of a walk; `meanwhile` happens between each two. */
  async function walk(
    rowsMax: number,
    database = 0,
    meanwhile: () => unknown = () => undefined,
  ): Promise<string[]> {
    const all: string[] = [];
    for (let place = 0; place !== PLACES_END; ) {
      const [next, keys] = await step(place, rowsMax, database);
      expect(next).toBeGreaterThan(place);
      all.push(...keys);
      place = next;
      await meanwhile();
    }
    return all;
  }

  async function fill(count: number, database = 0, prefix = "key"): Promise<string[]> {
    const names = Array.from({ length: count }, (_, i) => `${prefix}:${i}`);
    for (const name of names) await bench.put(name, "v", 0, database);
    return names;
  }

  test.each([1, 7, 1000])("meets every key once, %i rows a step", async (rowsMax) => {
    const names = await fill(300);
    expect((await walk(rowsMax)).toSorted()).toEqual(names.toSorted());
  });

  test("a step looks at as many rows as it may, and no more", async () => {
    await fill(300);
    const [next, keys] = await step(0, 10);
    expect(keys).toHaveLength(10);
    expect(next).toBeLessThan(PLACES_END);
  });

  test("keys of one slot and position are met together", async () => {
    const twins = collidingKeys();
    for (const name of twins) await bench.put(name, "v");
    const [next, keys] = await step(0, 1);
    expect(keys.toSorted()).toEqual(twins.toSorted());
    expect((await step(next, 1))[1]).toEqual([]);
  });

  test("passes over other databases, and sees its own between them", async () => {
    await fill(500, 0, "low");
    await fill(500, 9, "high");
    const names = await fill(20, 4);
    expect((await walk(5, 4)).toSorted()).toEqual(names.toSorted());
    expect(await walk(5, 3)).toEqual([]);
    bench.replica.swapDatabases(3, 4, bench.wallMs);
    expect(await walk(5, 3)).toHaveLength(20);
  });

  test("passes over what has expired and not been dropped", async () => {
    await bench.put("gone", "v", bench.wallMs + 5);
    await bench.put("there", "v");
    await bench.world.runFor(10);
    expect(await walk(1)).toEqual(["there"]);
  });

  test("never misses a key that stays, while others come and go", async () => {
    const stays = await fill(100, 0, "stays");
    await fill(100, 0, "goes");
    let round = 0;
    const seen = await walk(10, 0, async () => {
      for (let i = 0; i < 5; i++) await bench.delete(`goes:${5 * round + i}`);
      await bench.put(`comes:${round++}`, "v");
    });
    expect(seen.filter((name) => name.startsWith("stays")).toSorted()).toEqual(stays.toSorted());
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("from the end on there is nothing", async () => {
    await fill(3);
    expect(await step(PLACES_END, 10)).toEqual([PLACES_END, []]);
    expect(await step(SLOT_COUNT * 65536 - 1, 10)).toEqual([PLACES_END, []]);
  });
});

/** Two keys of one slot whose rows have one position. */
function collidingKeys(): readonly [string, string] {
  const row = new RowKey(0);
  const byPosition = new Map<number, string>();
  for (let i = 0; ; i++) {
    const name = `{tag}${i}`;
    row.encode(0, utf8(name), 0, name.length);
    const position = positionOfRow(row.bytes, 0);
    const twin = byPosition.get(position);
    if (twin !== undefined) return [twin, name];
    byPosition.set(position, name);
  }
}
