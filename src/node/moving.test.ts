/** Slots that move from node to node under load, in a simulated world: nodes join, leave, weigh more, take others' places. */
import { expect, test } from "vitest";
import { MovingStory } from "./moving-story.oracle.ts";

const KEYS = 400;
const FIVE = ["a", "b", "c", "d", "e"];

test("a node joins a cluster with data: it has its share then, and nothing is lost", async () => {
  const story = await MovingStory.begin("joins", ["a", "b", "c"], FIVE);
  await story.write(300);
  story.join("d");
  await story.untilMoved("d");
  await story.checkCopies();
  expect(story.rowsAt("d")).toBeGreaterThan(100);
  // Each of four keeps three quarters of the keys: the others have dropped what they keep no more.
  await story.world.runFor(3_000);
  expect(["a", "b", "c", "d"].reduce((sum, name) => sum + story.rowsAt(name), 0)).toBe(3 * 300);
});

test.each([1, 2, 3, 4])(
  "writes go on while slots move, from 3 to 5 nodes and back to 4 (seed %i)",
  async (seed) => {
    const story = await MovingStory.begin(`elastic ${seed}`, ["a", "b", "c"], FIVE);
    await story.write(100);
    story.join("d");
    story.join("e"); // one waits for the other
    await story.writeUntilMoved("e");
    await story.writeUntilMoved("d");
    await story.leave("b");
    await story.writeUntilGone("b");
    await story.reweigh("a", 2);
    await story.writeUntilStill();
    expect(story.errors).toEqual([]);
    await story.check();
    expect(story.members()).toEqual(["a", "c", "d", "e"]);
  },
  120_000,
);

test.each([1, 2, 3, 4, 5, 6])(
  "a node is killed in the middle of a join, and comes back (seed %i)",
  async (seed) => {
    const story = await MovingStory.begin(`killed ${seed}`, ["a", "b", "c"], FIVE);
    await story.write(200);
    const victim = ["a", "b", "c", "d"][seed % 4]!;
    story.join("d");
    await story.writeUntilMoving(story.world.random("when").below(400));
    story.kill(victim);
    await story.writeFor(3_000);
    story.restart(victim);
    await story.writeUntilMoved("d");
    await story.check();
    expect(story.errors).toEqual([]);
  },
  120_000,
);

test("the place of a node that will not come back is taken by another, and the copies are three again", async () => {
  const story = await MovingStory.begin("replaced", ["a", "b", "c", "d"], FIVE);
  await story.write(200);
  const lost = story.idOf("b");
  story.kill("b");
  await story.writeFor(8_000); // until all know
  story.join("e", { replaces: lost });
  await story.writeUntilMoved("e");
  await story.check();
  expect(story.members()).toEqual(["a", "c", "d", "e"]);
}, 60_000);

test("who is up is not replaced, and a move waits for the one before", async () => {
  const story = await MovingStory.begin("refused", ["a", "b", "c"], FIVE);
  story.join("d", { replaces: story.idOf("a") });
  await story.world.runFor(2_000);
  expect(story.town.failureOf("d")?.message).toMatch(/is up, and not to be replaced/);
  story.join("e");
  await story.writeUntilMoving(0);
  await expect(story.leave("a")).rejects.toMatchObject({ code: "OVERLOADED", outcome: "not-applied" });
});

test.each(["d", "a"])(
  "a fetch goes on where it was when %s is killed in the middle of it: who fetches, or who is fetched from",
  async (victim) => {
    const story = await MovingStory.begin("resumed", ["a", "b", "c"], FIVE);
    await story.write(KEYS);
    const slowly = { moveBytesPerSecond: 10_000 };
    story.join("d", slowly);
    await story.until(() => story.fetchedBy("d") > KEYS / 4);
    const before = story.fetchedBy("d");
    expect(before).toBeLessThan(KEYS / 2);
    story.kill(victim);
    await story.world.runFor(1_000);
    story.restart(victim, slowly);
    await story.untilMoved("d");
    await story.checkCopies();
    const after = story.fetchedBy("d") - (victim === "d" ? 0 : before);
    expect(before + after).toBeLessThan(1.1 * story.rowsAt("d"));
    expect(before + after).toBeGreaterThanOrEqual(story.rowsAt("d"));
  },
  120_000,
);

test("who has left is needed for nothing any more: another may be lost for good then, and replaced", async () => {
  const story = await MovingStory.begin("shrunk", ["a", "b", "c", "d"], FIVE);
  await story.write(50);
  await story.leave("d");
  await story.writeUntilGone("d");
  const lost = story.idOf("c");
  story.kill("c");
  await story.writeFor(8_000); // until all know
  story.join("e", { replaces: lost });
  await story.writeUntilMoved("e");
  expect(story.members()).toEqual(["a", "b", "e"]);
}, 120_000);

test("a newcomer that not all see gets no slots yet: so the death of one more costs nothing", async () => {
  const story = await MovingStory.begin("unseen", ["a", "b", "c"], FIVE);
  await story.write(50);
  story.world.partition(["b"], ["d"]);
  story.join("d");
  await story.writeFor(4_000);
  expect(story.members()).toEqual(["a", "b", "c", "d"]); // in the plan
  story.kill("c");
  await story.writeFor(2_000);
  story.restart("c");
  await story.writeFor(2_000);
  story.world.unpartition(["b"], ["d"]);
  await story.writeUntilMoved("d");
  await story.check();
  expect(story.errors).toEqual([]);
}, 120_000);

test("a join that is taken back leaves everything as it was", async () => {
  const story = await MovingStory.begin("cancelled", ["a", "b", "c"], FIVE);
  await story.write(100);
  story.join("d");
  await story.writeUntilMoving(0);
  story.kill("d");
  await story.cancel();
  await story.writeFor(2_000);
  expect(story.members()).toEqual(["a", "b", "c"]);
  await story.check();
});

test.each([1, 2])(
  "the number of copies changes under load, up and down, and nothing is lost (seed %i)",
  async (seed) => {
    const story = await MovingStory.begin(`copies ${seed}`, FIVE, FIVE);
    await story.write(200);
    for (const count of [5, 2, 1, 3]) {
      await story.changeCopies(count);
      await story.writeUntilStill();
      await story.writeFor(1_000);
      expect(story.errors).toEqual([]);
      await story.check();
      await story.world.runFor(5_000); // who has lost copies drops them
      const rows = FIVE.map((name) => story.rowsAt(name)).reduce((sum, each) => sum + each, 0);
      expect([count, rows]).toEqual([count, count * story.keyCount]);
      await story.checkCopies();
    }
  },
  120_000,
);

test.each([1, 2, 3])(
  "a node is killed in the middle of a change of copies, and comes back (seed %i)",
  async (seed) => {
    const story = await MovingStory.begin(`copies and a kill ${seed}`, FIVE, FIVE);
    await story.write(200);
    const victim = FIVE[seed % 5]!;
    const counts = seed % 2 === 0 ? [5, 3] : [4, 2, 3];
    for (const count of counts) {
      await story.changeCopies(count);
      await story.writeFor(story.world.random("when").below(300));
      story.kill(victim);
      await story.writeFor(2_000);
      story.restart(victim);
      await story.writeUntilStill();
      await story.writeFor(1_000);
    }
    expect(story.errors).toEqual([]);
    await story.check();
  },
  240_000,
);

test.each([1, 2])(
  "of fewer copies, none lacks what the others had alone (seed %i)",
  async (seed) => {
    const story = await MovingStory.begin(`fewer ${seed}`, ["a", "b", "c"], FIVE);
    await story.write(100);
    story.kill("c");
    await story.writeFor(8_000); // at a and b alone
    story.restart("c");
    await story.changeCopies(1);
    await story.untilStill();
    await story.check();
  },
  120_000,
);

test("a change of copies is taken back, and then made; one that changes no owner is done at once", async () => {
  const story = await MovingStory.begin("taken back", ["a", "b", "c"], FIVE);
  await story.write(50);
  await story.changeCopies(7); // on three machines
  expect(story.isMoving).toBe(false);
  await story.changeCopies(2);
  expect(story.isMoving).toBe(true);
  await expect(story.changeCopies(1)).rejects.toMatchObject({ code: "OVERLOADED", outcome: "not-applied" });
  await story.cancel();
  expect(story.isMoving).toBe(false);
  await story.check();
  await story.changeCopies(2);
  await story.writeUntilStill();
  await story.check();
});
