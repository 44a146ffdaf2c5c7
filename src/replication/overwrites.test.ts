import { describe, expect, test } from "vitest";
import { ref, textOf } from "../../test/support/replica-bench.ts";
import { utf8 } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import type { WriteOptions } from "./coordinator.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import { Town } from "./town.oracle.ts";

const THREE = { names: ["a", "b", "c"], copies: 3 };
const FIVE = { names: ["a", "b", "c", "d", "e"], copies: 3 };
type Level = Pick<WriteOptions, "level" | "isSloppy">;
const QUORUM: Level = { level: "quorum", isSloppy: false };
const ALL: Level = { level: "all", isSloppy: false };
const SLOPPY: Level = { level: "quorum", isSloppy: true };

/** Undefined if the general way must do it. The request is another's when this returns. */
function overwrite(town: Town, at: string, name: string, text: string, level = QUORUM) {
  const parts = ["SET", name, text].map(utf8);
  const bytes = Buffer.concat(parts);
  const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
  const request = { bytes, starts: [0, ...ends], ends };
  const wallMs = town.world.runtime(at).clock.wallMs();
  const given = { database: 0, request, valueAt: 2, expiresAtMs: NEVER, wallMs };
  const writing = town.node(at).coordinator.overwrite(given, level, "OK");
  bytes.fill(0xee);
  return writing;
}

async function read(town: Town, at: string, name: string, level: ConsistencyLevel) {
  const answer = Promise.resolve().then(() => town.node(at).coordinator.read(ref(name), level, textOf));
  return town.world.runUntil(answer);
}

async function quiet(town: Town): Promise<void> {
  await town.world.runFor(1_000);
  for (const { id } of town.members) expect(town.node(id).coordinator.roundCount).toBe(0);
}

describe("overwrites while all replicas are up", () => {
  test("are answered once enough machines have them, and then are with the others too", async () => {
    const town = new Town(1, THREE);
    expect(await town.world.runUntil(overwrite(town, "a", "k", "v")!)).toBe("OK");
    const holders: (string | undefined)[] = [];
    for (const id of "abc") holders.push(await read(town, id, "k", "one"));
    expect(holders.filter((text) => text === "v").length).toBeGreaterThanOrEqual(2);
    await quiet(town);
    for (const id of "abc") expect(await read(town, id, "k", "one")).toBe("v");
  });

  test("of many keys at a time keep apart, however often a round is used again", async () => {
    const town = new Town(2, THREE);
    for (let turn = 0; turn < 5; turn++) {
      const writing = Array.from(
        { length: 50 },
        (_, i) => overwrite(town, "abc"[i % 3]!, `k${i}`, `${turn} `.repeat(1 + ((i * 37 + turn) % 99)))!,
      );
      await town.world.runUntil(Promise.all(writing));
    }
    await quiet(town);
    for (let i = 0; i < 50; i++) {
      for (const id of "abc")
        expect(await read(town, id, `k${i}`, "one")).toBe("4 ".repeat(1 + ((i * 37 + 4) % 99)));
    }
  });

  test.each([1, 2, 3, 4])(
    "outlive the disk of any one of three, on a network that loses calls (seed %i)",
    async (seed) => {
      const town = new Town(seed, THREE);
      town.lossPercent = 15;
      const acked = new Set<string>();
      for (let i = 0; i < 40; i++) {
        await town.world.runUntil(overwrite(town, "abc"[i % 3]!, `k${i}`, `v${i}`)!).then(
          () => acked.add(`${i}`),
          (cause: unknown) => expect(cause).toMatchObject({ outcome: "unknown" }),
        );
      }
      expect(acked.size).toBeGreaterThan(20);
      town.wipe("abc"[seed % 3]!);
      town.lossPercent = 0;
      for (const i of acked) expect(await read(town, "abc"[(seed + 1) % 3]!, `k${i}`, "all")).toBe(`v${i}`);
    },
  );

  test("may have taken effect if too few answer, which is said", async () => {
    const town = new Town(1, THREE);
    town.barred.add("a-c");
    const failed = overwrite(town, "a", "k", "v", ALL)!;
    await expect(town.world.runUntil(failed)).rejects.toMatchObject({ outcome: "unknown" });
    expect(await read(town, "b", "k", "one")).toBe("v");
    await quiet(town);
  });
});

describe("the general way is left", () => {
  test("what a replica that is down has to be stood in for", () => {
    const town = new Town(1, THREE);
    town.down.add("c");
    expect(overwrite(town, "a", "k", "v")).toBeUndefined();
    expect(town.asked).toBe(0);
  });

  test("what this node keeps no copy of", async () => {
    const town = new Town(1, FIVE);
    expect(overwrite(town, "e", "k", "v")).toBeUndefined();
    for (const id of "abc") expect(await read(town, id, "k", "one")).toBeUndefined();
  });

  test("long values", () => {
    expect(overwrite(new Town(1, THREE), "a", "k", "v".repeat(20_000))).toBeUndefined();
  });
});

describe("a replica that does not answer an overwrite", () => {
  test("gets a hint from whoever stands in, which counts once it is down", async () => {
    const town = new Town(8, FIVE);
    town.barred.add("a-b").add("a-c");
    let isAcked = false;
    const acked = overwrite(town, "a", "k", "v", SLOPPY)!.then(() => {
      isAcked = true;
    });
    await town.world.runFor(200);
    const hints = [...town.node("d").hints, ...town.node("e").hints];
    expect(hints.map(({ target }) => target).toSorted()).toEqual(["b", "c"]);
    expect(isAcked).toBe(false);
    town.down.add("b").add("c");
    await town.world.runUntil(acked);
    expect(town.world.nowMs).toBeLessThan(300);
    town.down.clear();
    await quiet(town);
    await town.deliverHints();
    for (const id of "bc") expect(await read(town, id, "k", "one")).toBe("v");
  });

  test("gets one from the writer where there is nobody else, after the answer was given", async () => {
    const town = new Town(9, THREE);
    town.barred.add("a-c");
    expect(await town.world.runUntil(overwrite(town, "a", "k", "v")!)).toBe("OK");
    await town.world.runFor(200);
    expect(town.node("a").hints).toEqual([]);
    await quiet(town); // the call has failed
    expect(town.node("a").hints.map(({ target }) => target)).toEqual(["c"]);
  });
});
