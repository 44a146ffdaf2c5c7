/** Nodes that come to an empty cluster later, in a simulated world. With data: moving.test.ts. */
import { expect, test } from "vitest";
import { JoiningTown } from "./joining-town.oracle.ts";

const NAMES = ["a", "b", "c", "d", "e"];

/** A cluster of the first three. */
async function townOfThree(seed: string): Promise<JoiningTown> {
  const town = new JoiningTown(seed, NAMES);
  town.start("a", ["b", "c"]);
  town.start("b", ["a", "c"]);
  town.start("c", ["a", "b"]);
  await town.world.runFor(2_500);
  expect(town.plans(["a", "b", "c"])).toHaveLength(1);
  return town;
}

test("an empty cluster takes nodes in, two at a time, who then carry their share", async () => {
  const town = await townOfThree("two join");
  town.start("d", ["a", "b"]);
  town.start("e", ["c"]);
  await town.world.runFor(6_000);
  expect(town.plans(NAMES)).toHaveLength(1);
  const { members, move, nextVoters, voters } = town.cluster("e").topology;
  expect(members.map(({ state, tokens }) => `${state} ${tokens.length}`)).toEqual(Array(5).fill("member 16"));
  expect([move, nextVoters, voters.length]).toEqual([undefined, undefined, 5]);
  for (let i = 0; i < 40; i++) await town.set(NAMES[i % 5]!, `k${i}`, `${i}`).catch(noReplica);
  for (const name of ["d", "e"]) {
    const { view } = town.cluster(name);
    const slots = Array.from({ length: 16_384 }, (_, slot) => view.replicasOf(slot));
    const share = slots.filter((replicas) => replicas.some(({ id }) => id === view.self.id)).length;
    expect(share / (16_384 * 0.6)).toBeGreaterThan(0.85);
  }
});

/** Whoever keeps no copy leaves the write to others, at this floor. */
function noReplica(cause: Error): void {
  if (!/keeps no copy/.test(cause.message)) throw cause;
}

test("a node with data of its own does not join, and one with a cluster of its own stays there", async () => {
  const town = await townOfThree("not empty itself");
  const alone = await town.openAlone("d");
  await town.world.runUntil(alone.put("k", "v"));
  await town.world.runUntil(alone.close());
  town.start("d", ["a"], { storage: "disk" });
  await town.world.runFor(2_000);
  expect(town.failureOf("d")?.message).toMatch(/^this node cannot join: it has data from a life alone/);
  town.start("e", []);
  await town.world.runFor(1_000);
  const plan = town.planAt("e");
  town.kill("e");
  town.start("e", ["a"]);
  await town.world.runFor(2_000);
  expect(town.planAt("e")).toBe(plan);
});

test("if who takes a node in dies on the way, another brings it to an end", async () => {
  for (let seed = 0; seed < 4; seed++) {
    const town = await townOfThree(`sponsor dies ${seed}`);
    town.start("d", ["a"]);
    while (town.cluster("b").topology.move === undefined) await town.world.runFor(1);
    await town.world.runFor(seed);
    town.kill("a");
    await town.world.runFor(1_000);
    town.start("a", []);
    await town.world.runFor(25_000);
    expect(town.cluster("b").topology.move, `seed ${seed}`).toBeUndefined();
    expect(town.isOpen("d"), `seed ${seed}`).toBe(true);
    expect(town.plans(["a", "b", "c", "d"]), `seed ${seed}`).toHaveLength(1);
    await town.set("b", "k", "v").catch(noReplica);
  }
}, 60_000);

test("the plan stays committed through restarts of all, with the power failing", async () => {
  const town = await townOfThree("power");
  town.start("d", ["b"]);
  await town.world.runFor(3_000);
  const plan = town.planAt("d");
  for (const name of ["a", "b", "c", "d"]) town.crash(name);
  await town.world.runFor(1_000);
  for (const name of ["a", "b", "c", "d"]) town.start(name, []);
  await town.world.runFor(4_000);
  expect(town.plans(["a", "b", "c", "d"])).toEqual([plan]);
  town.start("e", ["d"]);
  await town.world.runFor(4_000);
  expect(town.cluster("e").topology.members).toHaveLength(5);
  expect(town.plans(NAMES)).toHaveLength(1);
});

test("a member that comes back without its data, or with other labels, is told what that means", async () => {
  const town = new JoiningTown("blank", ["a"]);
  town.start("a", [], { storage: "disk" });
  await town.world.runFor(1_000);
  town.crash("a");
  town.start("a", [], { storage: "disk" });
  await town.world.runFor(1_000);
  expect(town.warnings).toEqual([]);
  town.kill("a");
  const { disk } = town.world.runtime("a");
  await town.world.runUntil(disk.remove("/data/IDENTITY"));
  town.start("a", [], { storage: "disk", weight: 3, rack: "r9" });
  await town.world.runFor(1_000);
  expect(town.warnings.join("\n")).toMatch(/without its data/);
  expect(town.warnings.filter((line) => /it keeps those it joined with/.test(line))).toHaveLength(2);
  expect(town.cluster("a").topology.members[0]).toMatchObject({ weight: 1, rack: "rack1" });
});

test("a member that lost its directory is told whose place it would have to take, and takes it", async () => {
  const town = await townOfThree("wiped");
  const lost = town.cluster("b").view.self.id;
  const wipe = (): void => {
    town.kill("b");
    town.world.wipe("b");
  };
  wipe();
  town.start("b", ["a", "c"]); // before anybody knows that it was gone
  await town.world.runFor(15_000);
  expect(town.failureOf("b")?.message).toMatch(
    new RegExp(
      `^this node cannot join: ${lost} was at b:17000, and is down: .* start this node with --replace ${lost}`,
    ),
  );
  expect(town.cluster("a").topology.members).toHaveLength(3);
  wipe();
  town.start("b", ["a", "c"], { replaces: "no digits of an id" });
  await town.world.runFor(3_000);
  expect(town.failureOf("b")?.message).toMatch(/no member has an id that begins with no digits of an id/);
  wipe();
  const ids = town.cluster("a").topology.members.map(({ id }) => id as string);
  const digits = [...lost].findIndex(
    (_, i) => ids.filter((id) => id.startsWith(lost.slice(0, i + 1))).length === 1,
  );
  town.start("b", ["a", "c"], { replaces: lost.slice(0, digits + 1) });
  await town.world.runFor(15_000);
  const { members, move } = town.cluster("a").topology;
  expect([members.map(({ id }) => id).includes(lost), members.length, move]).toEqual([false, 3, undefined]);
  expect(town.plans(["a", "b", "c"])).toHaveLength(1);
});

test("who is to take the place of a member that was at its own address waits until that is known to be down", async () => {
  const town = await townOfThree("wiped, and replaced at once");
  const lost = town.cluster("b").view.self.id;
  town.kill("b");
  town.world.wipe("b");
  town.start("b", ["a", "c"], { replaces: lost });
  await town.world.runFor(15_000);
  expect(town.failureOf("b")).toBeUndefined();
  expect(town.cluster("b").topology.members.map(({ id }) => id)).not.toContain(lost);
  expect(town.plans(["a", "b", "c"])).toHaveLength(1);
});
