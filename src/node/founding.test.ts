/** Nodes that are started in any order, and again, must become one cluster, in a simulated world. */
import { describe, expect, test } from "vitest";
import { JoiningTown } from "./joining-town.oracle.ts";

const NAMES = ["a", "b", "c"];

function permutations<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length <= 1) return [all];
  return all.flatMap((first) =>
    permutations(all.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}

const others = (name: string): readonly string[] => NAMES.filter((other) => other !== name);

describe.each(permutations(NAMES).map((order) => order.join("")))("started in the order %s", (order) => {
  test.each([0, 700])("with %d ms between, three nodes found one cluster", async (pauseMs) => {
    const town = new JoiningTown(`order ${order} ${pauseMs}`, NAMES);
    for (const name of order) {
      town.start(name, others(name));
      await town.world.runFor(pauseMs);
    }
    await town.world.runFor(3_000);
    expect(town.plans(NAMES)).toHaveLength(1);
    expect(town.cluster("a").topology.members).toHaveLength(3);
    await town.set("a", "k", "v", "all");
    expect(await town.get("c", "k")).toBe("v");
  });

  test("with lists that name everybody, the node itself too", async () => {
    const town = new JoiningTown(`all named ${order}`, NAMES);
    for (const name of order) town.start(name, ["127.0.0.1:17000", ...others(name)]);
    await town.world.runFor(3_000);
    expect(town.plans(NAMES)).toHaveLength(1);
  });
});

test("wherever one node is killed and started again, there is one cluster", async () => {
  for (let seed = 0; seed < 15; seed++) {
    const town = new JoiningTown(`killed ${seed}`, NAMES);
    const random = town.world.random("kills");
    for (const name of NAMES) town.start(name, others(name));
    const victim = NAMES[random.below(3)]!;
    await town.world.runFor(random.below(600));
    if (random.below(2) === 0) town.kill(victim);
    else town.crash(victim);
    await town.world.runFor(random.below(3_000));
    town.start(victim, others(victim));
    await town.world.runFor(6_000);
    expect(town.plans(NAMES), `seed ${seed}`).toHaveLength(1);
    expect(town.cluster("a").topology.members, `seed ${seed}`).toHaveLength(3);
  }
}, 60_000);

test("nobody founds a cluster before all have met; and a node that was told nothing does at once", async () => {
  const town = new JoiningTown("waiting", [...NAMES, "d"]);
  town.start("a", others("a"));
  town.start("b", others("b"));
  town.start("d", []);
  await town.world.runFor(6_000);
  expect([town.isOpen("a"), town.isOpen("b"), town.isOpen("d")]).toEqual([false, false, true]);
  town.start("c", others("c"));
  await town.world.runFor(3_000);
  expect(town.plans(NAMES)).toHaveLength(1);
});

test("nodes that were told of different ones do not found clusters apart", async () => {
  const town = new JoiningTown("unequal", NAMES);
  town.start("a", ["c"]);
  town.start("b", ["c"]);
  town.start("c", ["a", "b"]);
  await town.world.runFor(6_000);
  expect(NAMES.map((name) => town.isOpen(name))).toEqual([false, false, false]);
});

test("a member comes back at once, though nobody else is there, and under another address it is found", async () => {
  const town = new JoiningTown("moves", [...NAMES, "elsewhere"]);
  for (const name of NAMES) town.start(name, others(name));
  await town.world.runFor(3_000);
  const plan = town.planAt("a");
  town.kill("b");
  await town.world.runFor(60_000);
  expect(
    town
      .cluster("a")
      .members()
      .filter(({ isUp }) => isUp),
  ).toHaveLength(2);
  town.start("b", [], { peerPort: 18_000 });
  await town.world.runFor(6_000);
  expect(town.planAt("b")).toBe(plan);
  for (const name of NAMES) {
    expect(
      town
        .cluster(name)
        .members()
        .map(({ isUp }) => isUp),
      name,
    ).toEqual([true, true, true]);
  }
  await town.set("a", "k", "v", "all");

  for (const name of NAMES) town.kill(name);
  town.start("a", [], { peerPort: 19_000 });
  await town.world.runFor(100);
  expect(town.planAt("a")).toBe(plan);
  town.start("b", ["a:19000"], { peerPort: 19_001 });
  town.start("c", ["a:19000"], { peerPort: 19_002 });
  await town.world.runFor(10_000);
  await town.set("c", "k", "w", "all");
});

test("a node that stands still is not up meanwhile, and is again when it goes on", async () => {
  const town = new JoiningTown("stopped", NAMES);
  for (const name of NAMES) town.start(name, others(name));
  await town.world.runFor(3_000);
  const b = town.cluster("b").self.id;
  town.world.pause("b", 20_000);
  await town.world.runFor(12_000);
  expect(town.cluster("a").view.isUp(b)).toBe(false);
  await town.set("a", "k", "v");
  await town.world.runFor(15_000);
  expect(town.cluster("a").view.isUp(b)).toBe(true);
  expect(
    town
      .cluster("b")
      .members()
      .map(({ isUp }) => isUp),
  ).toEqual([true, true, true]);
});

test("through kills, power failures, pauses and partitions, five nodes become one cluster, and find each other", async () => {
  const five = ["a", "b", "c", "d", "e"];
  for (let seed = 0; seed < 2; seed++) {
    const town = new JoiningTown(`faults ${seed}`, five);
    const random = town.world.random("faults");
    const running = new Set<string>();
    const startAll = (): void => {
      for (const name of five.filter((each) => !running.has(each))) {
        town.start(
          name,
          five.filter((each) => each !== name),
        );
        running.add(name);
      }
    };
    startAll();
    for (let i = 0; i < 25; i++) {
      await town.world.runFor(random.below(300));
      const [one, other] = [five[random.below(5)]!, five[random.below(5)]!];
      const fault = random.below(6);
      if (fault < 2 && running.delete(one)) fault === 0 ? town.kill(one) : town.crash(one);
      else if (fault === 2) town.world.pause(one, random.below(1_500));
      else if (fault === 3 && one !== other) town.world.partition(one, other);
      else if (fault === 4) town.world.heal();
      else startAll();
    }
    town.world.heal();
    startAll();
    await town.world.runFor(14_000);
    expect(town.plans(five), `seed ${seed}`).toHaveLength(1);
    for (const name of five) {
      const up = town
        .cluster(name)
        .members()
        .filter(({ isUp }) => isUp);
      expect(up, `seed ${seed}, at ${name}`).toHaveLength(5);
    }
  }
}, 60_000);
