import { describe, expect, test } from "vitest";
import { numberOf, ref, textOf } from "../../test/support/replica-bench.ts";
import { toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { resolveAll } from "../causality/cell-value.ts";
import type { WriteOptions, Written } from "./coordinator.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import type { Effect, KeyView } from "./step.ts";
import { Town } from "./town.oracle.ts";

const THREE = { names: ["a", "b", "c"], copies: 3 };
const FIVE = { names: ["a", "b", "c", "d", "e"], copies: 3 };
const QUORUM: WriteOptions = { level: "quorum", isSloppy: false, readLevel: undefined };
const ONE: WriteOptions = { ...QUORUM, level: "one" };
const UP_TO_DATE: WriteOptions = { ...QUORUM, readLevel: "quorum" };
const SLOPPY: WriteOptions = { ...QUORUM, isSloppy: true };

function put(text: string): () => Effect<string> {
  return () => ({ reply: "OK", change: { kind: "put", value: utf8(text), expiresAtMs: 0 } });
}

function increment(view: KeyView): Effect<number> {
  return { reply: numberOf(view) + 1, change: { kind: "increment", by: 1n } };
}

function remove(): Effect<string> {
  return { reply: "OK", change: { kind: "delete" } };
}

async function write<R>(
  town: Town,
  at: string,
  { name, step, options }: { name: string; step: (view: KeyView) => Effect<R>; options: WriteOptions },
): Promise<Written<R>> {
  return town.world.runUntil(town.node(at).coordinator.update(ref(name), options, step));
}

async function read(
  town: Town,
  at: string,
  name: string,
  level: ConsistencyLevel,
): Promise<string | undefined> {
  const answer = Promise.resolve().then(() => town.node(at).coordinator.read(ref(name), level, textOf));
  return town.world.runUntil(answer);
}

describe("writes at quorum", () => {
  test.each([1, 2, 3, 4])(
    "outlive the disk of any one of three, on a network that loses calls (seed %i)",
    async (seed) => {
      const town = new Town(seed, THREE);
      town.lossPercent = 15;
      const acked = new Set<string>();
      for (let i = 0; i < 40; i++) {
        const at = "abc"[i % 3]!;
        const attempt = write(town, at, { name: `k${i}`, step: put(`v${i}`), options: QUORUM });
        await attempt.then(
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

  test("are refused, not applied, while too few are up, and leave nothing", async () => {
    const town = new Town(1, THREE);
    town.down.add("b").add("c");
    const refused = write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    await expect(refused).rejects.toMatchObject({ code: "QUORUM_UNAVAILABLE", outcome: "not-applied" });
    expect(await read(town, "a", "k", "one")).toBeUndefined();
  });

  test("ask who is late after all, where the others are too few", async () => {
    const town = new Town(1, THREE);
    town.down.add("b");
    town.late.add("c");
    const { receipt } = await write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    expect(receipt?.nodes).toEqual(["a", "c"]);
    expect(await read(town, "c", "k", "one")).toBe("v");
  });

  test("do without who is late, where others will do", async () => {
    const town = new Town(1, THREE);
    town.late.add("c");
    const { receipt } = await write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    expect(receipt?.nodes).toEqual(["a", "b"]);
    expect(await read(town, "c", "k", "one")).toBeUndefined();
  });

  test("may have taken effect if the others do not answer, which is said", async () => {
    const town = new Town(1, THREE);
    town.lossPercent = 100;
    const failed = write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    await expect(failed).rejects.toMatchObject({ outcome: "unknown" });
    expect(await read(town, "a", "k", "one")).toBe("v");
  });

  test("are left to replicas: a version vector names no others", async () => {
    const town = new Town(1, FIVE);
    const refused = write(town, "e", { name: "k", step: put("v"), options: QUORUM });
    await expect(refused).rejects.toMatchObject({ code: "STALE_PLAN", outcome: "not-applied" });
    await write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    expect(await read(town, "e", "k", "quorum")).toBe("v");
  });

  test("tell on which machines they rest", async () => {
    const { receipt } = await write(new Town(1, THREE), "a", { name: "k", step: put("v"), options: QUORUM });
    expect(receipt).toMatchObject({ syncedCount: 0, fallbacks: [] });
    expect(receipt?.machines).toHaveLength(2);
  });
});

describe("a node whose copy has moved away while it asks what the others have", () => {
  async function movedAway(): Promise<{ town: Town; moved: () => Promise<void> }> {
    const town = new Town(1, FIVE);
    for (let i = 0; i < 3; i++) await write(town, "a", { name: "n", step: increment, options: UP_TO_DATE });
    await town.world.runFor(1_000);
    const moved = async (): Promise<void> => {
      const { received } = town.node("a").replica;
      town.keepers = town.members.slice(1, 4);
      await received.forget(ref("n"), (await received.load(ref("n")))!);
    };
    return { town, moved };
  }

  async function expectThree(town: Town): Promise<void> {
    await town.world.runFor(1_000);
    expect(await read(town, "b", "n", "quorum")).toBe("3");
  }

  test("does not begin anew what it has counted before", async () => {
    const { town, moved } = await movedAway();
    const update = town.node("a").coordinator.update(ref("n"), UP_TO_DATE, increment);
    const refused = expect(update).rejects.toMatchObject({ code: "STALE_PLAN", outcome: "not-applied" });
    await moved();
    await town.world.runUntil(refused);
    await expectThree(town);
  });

  test("does not say that several keys are written of which nothing is left here", async () => {
    const { town, moved } = await movedAway();
    const { coordinator, replica } = town.node("a");
    const written = coordinator.updateAll([ref("n")], UP_TO_DATE, async () => {
      await replica.update(ref("n"), 0, increment);
      await moved();
    });
    await expect(town.world.runUntil(written)).rejects.toMatchObject({ outcome: "unknown" });
  });
});

describe("reads at quorum", () => {
  test.each([1, 2, 3, 4, 5, 6])("never go back, whoever is asked (seed %i)", async (seed) => {
    const town = new Town(seed, THREE);
    const random = town.world.random("readers");
    let newest = 0;
    for (let i = 1; i <= 60; i++) {
      town.lossPercent = 20;
      const doing = { name: "k", step: put(`${i}`), options: UP_TO_DATE };
      await write(town, "abc"[random.below(3)]!, doing).catch((cause: unknown) => {
        expect(cause).toBeInstanceOf(StoreError);
      });
      const seen = await read(town, "abc"[random.below(3)]!, "k", "quorum").catch(() => undefined);
      if (seen === undefined) continue;
      expect(Number(seen)).toBeGreaterThanOrEqual(newest);
      newest = Number(seen);
    }
    expect(newest).toBeGreaterThan(30);
  });

  test("mend what they find stale before they answer", async () => {
    const town = new Town(1, THREE);
    town.lossPercent = 100;
    await write(town, "a", { name: "k", step: put("v"), options: ONE });
    town.lossPercent = 0;
    town.barred.add("a-c");
    expect(await read(town, "b", "k", "all")).toBe("v");
    for (const id of ["b", "c"]) expect(await read(town, id, "k", "one")).toBe("v");
  });
});

describe("both sides of a partition", () => {
  async function meet(town: Town): Promise<void> {
    town.barred.clear();
    await town.world.runFor(1_000);
    await town.deliverHints();
  }

  test("keep what each wrote, until somebody has seen both", async () => {
    const town = new Town(3, THREE);
    town.barred.add("a-b").add("a-c");
    await write(town, "a", { name: "k", step: put("left"), options: ONE });
    await write(town, "b", { name: "k", step: put("right"), options: QUORUM });
    await meet(town);
    const texts = await town.world.runUntil(
      Promise.resolve(
        town
          .node("c")
          .coordinator.read(ref("k"), "all", ({ cell }) =>
            resolveAll(cell!, 0).map(({ payload }) => toText(payload)),
          ),
      ),
    );
    expect(texts.toSorted()).toEqual(["left", "right"]);
  });

  test("count together what each has counted", async () => {
    const town = new Town(4, THREE);
    await write(town, "a", { name: "n", step: put("100"), options: { ...QUORUM, level: "all" } });
    town.barred.add("a-b").add("a-c");
    for (let i = 0; i < 5; i++) await write(town, "a", { name: "n", step: increment, options: ONE });
    for (let i = 0; i < 7; i++) await write(town, "b", { name: "n", step: increment, options: QUORUM });
    await meet(town);
    for (const id of ["a", "b", "c"]) expect(await read(town, id, "n", "one")).toBe("112");
  });

  test("do not bring back what one of them deleted", async () => {
    const town = new Town(5, THREE);
    await write(town, "a", { name: "k", step: put("v"), options: { ...QUORUM, level: "all" } });
    town.barred.add("a-b").add("a-c");
    await write(town, "b", { name: "k", step: remove, options: QUORUM });
    await town.world.runFor(1_000);
    for (const id of ["a", "b", "c"]) town.node(id).hints = []; // only what the replicas know themselves can tell
    expect(await read(town, "a", "k", "one")).toBe("v");
    await meet(town);
    for (const id of ["a", "b", "c"]) expect(await read(town, id, "k", "all")).toBeUndefined();
  });
});

describe("a replica that is down", () => {
  test("is stood in for by the next of the ring, which counts only where that is wanted", async () => {
    const town = new Town(6, FIVE);
    town.down.add("b").add("c");
    const strict = write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    await expect(strict).rejects.toMatchObject({ outcome: "not-applied" });
    const { receipt } = await write(town, "a", { name: "k", step: put("v"), options: SLOPPY });
    expect(receipt?.fallbacks.length).toBeGreaterThan(0);
    await town.world.runFor(1_000);
    expect([...town.node("d").hints, ...town.node("e").hints].map(({ target }) => target).toSorted()).toEqual(
      ["b", "c"],
    );
    town.down.clear();
    await town.deliverHints();
    for (const id of ["b", "c"]) expect(await read(town, id, "k", "one")).toBe("v");
  });

  test("is not stood in for while it is merely late, as far as the write's promise goes", async () => {
    const town = new Town(8, FIVE);
    town.barred.add("a-b").add("a-c"); // nothing comes back, yet nobody has called them down
    let isAcked = false;
    const writing = town.node("a").coordinator.update(ref("k"), SLOPPY, put("v"));
    const acked = writing.then(({ receipt }) => {
      isAcked = true;
      return receipt;
    });
    await town.world.runFor(200);
    expect([...town.node("d").hints, ...town.node("e").hints]).toHaveLength(2);
    expect(isAcked).toBe(false);
    town.down.add("b").add("c");
    expect((await town.world.runUntil(acked))?.fallbacks.length).toBeGreaterThan(0);
    expect(town.world.nowMs).toBeLessThan(300);
  });

  test("is late without a hint for it, where nobody but the writer could keep it", async () => {
    const town = new Town(9, THREE);
    town.barred.add("a-c");
    await write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    await town.world.runFor(200);
    expect(town.node("a").hints).toEqual([]);
    await town.world.runFor(1_000); // the call has failed
    expect(town.node("a").hints.map(({ target }) => target)).toEqual(["c"]);
  });

  test("leaves its hint with the writer if there is nobody else", async () => {
    const town = new Town(7, THREE);
    town.down.add("c");
    await write(town, "a", { name: "k", step: put("v"), options: QUORUM });
    expect(town.node("a").hints.map(({ target }) => target)).toContain("c");
  });
});

describe("a write that rests on a fallback", () => {
  /** Written at a, and kept by a fallback for b and for c, which are up again; a is down. */
  async function leaveBehind(seed: number): Promise<Town> {
    const town = new Town(seed, FIVE);
    town.barred.add("a-b").add("a-c");
    town.down.add("b").add("c");
    const { receipt } = await write(town, "a", { name: "k", step: put("v"), options: SLOPPY });
    expect(receipt!.fallbacks.length).toBeGreaterThan(0);
    await town.world.runFor(1_000);
    town.barred.clear();
    for (const other of "bcde") town.barred.add(`a-${other}`);
    town.down.clear();
    town.down.add("a");
    return town;
  }

  test.each([1, 2, 3])(
    "is found by reads of the replicas before its hints are delivered (seed %i)",
    async (seed) => {
      const town = await leaveBehind(seed);
      expect(await read(town, "b", "k", "quorum")).toBe("v");
      for (const id of ["b", "c"]) expect(await read(town, id, "k", "one")).toBe("v"); // repaired
    },
  );

  test("is not waited for where the fallbacks do not answer", async () => {
    const town = await leaveBehind(4);
    for (const fallback of "de") for (const other of "bc") town.barred.add(`${fallback}-${other}`);
    const startedMs = town.world.nowMs;
    expect(await read(town, "b", "k", "quorum")).toBeUndefined();
    expect(town.world.nowMs - startedMs).toBeLessThan(150);
  });

  test("costs reads nothing once all have been up for long", async () => {
    const town = await leaveBehind(5);
    town.barred.clear();
    town.down.clear();
    await town.world.runFor(60_000);
    await town.deliverHints();
    for (const fallback of "de") for (const other of "abc") town.barred.add(`${fallback}-${other}`);
    await read(town, "b", "k", "quorum"); // makes it known
    await town.world.runFor(60_000);
    const before = town.asked;
    expect(await read(town, "b", "k", "quorum")).toBe("v");
    expect(town.asked - before).toBe(1);
  });
});
