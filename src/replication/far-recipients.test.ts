/** Writes that cross to another datacenter, with replicas, relays and links that fail on the way. */
import { expect, test } from "vitest";
import { ref, textOf } from "../../test/support/replica-bench.ts";
import { utf8 } from "../base/bytes.ts";
import type { WriteOptions } from "./coordinator.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import type { Effect } from "./step.ts";
import { Town } from "./town.oracle.ts";

const FAR_MS = 80;
const REPLICAS = ["w1", "w2", "w3", "e1", "e2", "e3"];
const THREE_AND_THREE = { names: REPLICAS, copies: 6, farMs: FAR_MS };
const WITH_SPARES = { names: [...REPLICAS, "w4", "e4"], copies: 6, farMs: FAR_MS };
const VALUE = "v".repeat(1_000);

function put(): Effect<string> {
  return { reply: "OK", change: { kind: "put", value: utf8(VALUE), expiresAtMs: 0 } };
}

/** How long the write took, or the error that it ended with. */
async function write(
  town: Town,
  level: ConsistencyLevel,
  options: Partial<WriteOptions> = {},
): Promise<number> {
  const startedMs = town.world.nowMs;
  const how = { level, isSloppy: false, readLevel: undefined, ...options };
  await town.world.runUntil(town.node("w1").coordinator.update(ref("k"), how, put));
  return town.world.nowMs - startedMs;
}

/** Who has the value by himself, and for whom hints wait. */
async function holders(town: Town): Promise<string[]> {
  const has: string[] = [];
  for (const id of REPLICAS) {
    const own = Promise.resolve(town.node(id).coordinator.read(ref("k"), "one", textOf));
    if ((await town.world.runUntil(own)) === VALUE) has.push(id);
  }
  return has;
}

function hintsAt(town: Town): string[] {
  return town.members.flatMap(({ id }) => town.node(id).hints.map(({ target }) => `${id} for ${target}`));
}

/** Whole values that have crossed. */
function valuesCrossed(town: Town): number {
  return town.crossed.filter(({ sizeBytes }) => sizeBytes > VALUE.length).length;
}

test.each<[ConsistencyLevel, "near" | "far"]>([
  ["one", "near"],
  ["local_quorum", "near"],
  [3, "near"],
  ["quorum", "far"],
  ["each_quorum", "far"],
  ["all", "far"],
  [5, "far"],
])("%s is answered once those it names have it, and the value crosses once (%s)", async (level, place) => {
  const town = new Town(1, THREE_AND_THREE);
  const tookMs = await write(town, level);
  expect(tookMs >= 2 * FAR_MS).toBe(place === "far");
  expect(tookMs).toBeLessThan(2 * FAR_MS + 200);
  await town.world.runFor(3_000);
  expect(await holders(town)).toEqual(REPLICAS);
  expect(valuesCrossed(town)).toBe(1);
  expect(hintsAt(town)).toEqual([]);
});

test("what a relay was told is what counts: with one replica there that does not answer it, each quorum is met", async () => {
  const town = new Town(2, THREE_AND_THREE);
  town.barred.add("e1-e3");
  expect(await write(town, "each_quorum")).toBeLessThan(2 * FAR_MS + 200);
  await town.world.runFor(6_000);
  expect(hintsAt(town)).toEqual(["e1 for e3"]); // near the one that missed it
  expect(valuesCrossed(town)).toBe(1);
});

test("who was entrusted to the relay is asked directly if the write cannot do without", async () => {
  const town = new Town(3, THREE_AND_THREE);
  town.barred.add("e1-e3").add("w1-w2");
  expect(await write(town, 5)).toBeLessThan(1_000);
  expect(await holders(town)).toEqual(["w1", "w3", "e1", "e2", "e3"]);
});

test("a relay that does not answer is late: everybody is asked directly, if the write waits for them", async () => {
  const town = new Town(4, THREE_AND_THREE);
  town.barred.add("w1-e1");
  expect(await write(town, "each_quorum")).toBeLessThan(1_000);
  expect(await holders(town)).toEqual(["w1", "w2", "w3", "e2", "e3"]);
});

test("a write that waits for its own datacenter asks nobody elsewhere twice", async () => {
  const town = new Town(9, THREE_AND_THREE);
  town.barred.add("w1-w2").add("w1-w3").add("w1-e1");
  await expect(write(town, "local_quorum")).rejects.toMatchObject({ outcome: "unknown" });
  expect(valuesCrossed(town)).toBe(2); // the second to the next relay, as the first has not answered at all
});

test("a relay that dies before it has brought the write to anybody is replaced by the next, with the client long gone", async () => {
  const town = new Town(5, THREE_AND_THREE);
  town.barred.add("e1-e2").add("e1-e3").add("w1-e1");
  expect(await write(town, "local_quorum")).toBeLessThan(2 * FAR_MS);
  town.down.add("e1");
  await town.world.runFor(3_000);
  expect(await holders(town)).toEqual(["w1", "w2", "w3", "e2", "e3"]);
  expect(hintsAt(town)).toEqual(["w1 for e1"]);
  expect(valuesCrossed(town)).toBe(2);
});

test("a replica there that is down has its hint brought to a fallback there, by the relay", async () => {
  const town = new Town(6, WITH_SPARES);
  town.down.add("e2");
  await write(town, "each_quorum");
  await town.world.runFor(3_000);
  expect(hintsAt(town).filter((hint) => hint.endsWith("e2"))).toEqual(["e4 for e2"]);
  expect(valuesCrossed(town)).toBe(1);
});

test("nobody here stands in for a majority there", async () => {
  const town = new Town(7, WITH_SPARES);
  for (const id of ["e1", "e2", "e3", "e4"]) town.down.add(id);
  const refused = write(town, "each_quorum", { isSloppy: true });
  await expect(refused).rejects.toMatchObject({ code: "QUORUM_UNAVAILABLE", outcome: "not-applied" });
  town.down.add("w2").add("w3");
  const local = write(town, "local_quorum", { isSloppy: true });
  await expect(local).resolves.toBeLessThan(FAR_MS); // w4 stands in for a replica here
  await town.world.runFor(3_000);
  const kept = hintsAt(town);
  town.down.clear();
  await town.deliverHints();
  expect([kept.length, await holders(town)]).toEqual([5, REPLICAS]);
});

test("a fallback that keeps a hint for another datacenter is no part of a majority here", async () => {
  const town = new Town(8, WITH_SPARES);
  for (const id of ["e1", "e2", "e3", "e4"]) town.down.add(id);
  town.barred.add("w1-w2").add("w1-w3");
  const failed = write(town, "local_quorum", { isSloppy: true });
  await expect(failed).rejects.toMatchObject({ outcome: "unknown" });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "whatever gets lost, what each quorum acknowledged is at majorities of both (seed %i)",
  async (seed) => {
    const town = new Town(seed, WITH_SPARES);
    const random = town.world.random("losses");
    for (let i = 0; i < 40; i++) {
      town.lossPercent = random.below(25);
      const options = { level: "each_quorum" as const, isSloppy: random.oneIn(2), readLevel: undefined };
      const value = `${i}`;
      const step = (): Effect<string> => ({
        reply: "OK",
        change: { kind: "put", value: utf8(value), expiresAtMs: 0 },
      });
      const name = `k${i}`;
      const writing = town.node("w1").coordinator.update(ref(name), options, step);
      const isAcked = await town.world.runUntil(writing.then(() => true).catch(() => false));
      if (!isAcked) continue;
      const has = (ids: readonly string[]): number =>
        ids.filter((id) => {
          const cell = town.node(id).replica.received.load(ref(name));
          const isKept = town
            .node(id)
            .hints.some((hint) => hint.ref.key.toString() === utf8(name).toString());
          return (!(cell instanceof Promise) && cell !== undefined) || (options.isSloppy && isKept);
        }).length;
      expect(has(["w1", "w2", "w3", "w4"])).toBeGreaterThanOrEqual(2);
      expect(has(["e1", "e2", "e3", "e4"])).toBeGreaterThanOrEqual(2);
    }
  },
);
