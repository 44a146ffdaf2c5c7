/** Keyspaces in memory of three nodes on disk, in one simulated world. */
import { expect, test } from "vitest";
import { toText } from "../base/bytes.ts";
import { decodeCell } from "../causality/cell-codec.ts";
import type { Reply } from "../sim/history/history.ts";
import { copiesReport } from "../sim/scenario/copies-check.ts";
import { planCluster } from "../sim/world/cluster-plan.ts";
import { DoorClient } from "../sim/world/door-client.ts";
import { SimCluster } from "../sim/world/sim-cluster.ts";
import { Survey } from "../sim/world/survey.ts";

const NAMES = ["n1", "n2", "n3"];
const KEYS = Array.from({ length: 60 }, (_, i) => `${i}`);
/** Until all know who is up. */
const MEETING_MS = 3_000;
const ALL_EQUAL = "3 equal copies of every row, and none elsewhere";

class Story {
  readonly cluster: SimCluster;

  static async begin(seed: string): Promise<Story> {
    const settings = { storage: "disk", fsync: "always" } as const;
    const story = new Story(new SimCluster(seed, planCluster({ nodes: 3, settings })));
    await story.cluster.found();
    return story;
  }

  private constructor(cluster: SimCluster) {
    this.cluster = cluster;
  }

  async ask(name: string, ...command: readonly string[]): Promise<Reply> {
    const { world } = this.cluster;
    const asking = (async () => {
      const door = await DoorClient.connect(world.runtime("client").network, name, 5_000);
      const outcome = await door.call(...command);
      door.close();
      return outcome;
    })();
    const outcome = await world.runUntil(asking);
    if (outcome.kind !== "reply") throw new Error(outcome.error);
    return outcome.reply;
  }

  async keep(keyspace: string, ...settings: readonly string[]): Promise<void> {
    expect(await this.ask("n1", "KV.KEYSPACE", "SET", keyspace, ...settings)).toBe("OK");
  }

  async write(word: string, value: string, name = "n1"): Promise<void> {
    for (const key of KEYS) await this.ask(name, "SET", `${word}:${key}`, value);
  }

  async passUntil(isOver: () => boolean, msMax = 30_000): Promise<void> {
    const { world } = this.cluster;
    for (const endMs = world.nowMs + msMax; !isOver() && world.nowMs < endMs; ) await world.runFor(100);
    expect(isOver()).toBe(true);
  }

  /** Rows of each node on disk, and in memory beside it. */
  rows(name: string): { readonly disk: number; readonly memory: number } {
    const { engine } = this.cluster.node(name);
    const memory = engine.annexes().reduce((sum, { rows }) => sum + rows, 0);
    return { disk: engine.main.counts(0).rows, memory };
  }

  /** True if all nodes have so many rows there, and no more on their way. */
  have(disk: number, memory: number): boolean {
    return NAMES.every((name) => {
      if (!this.cluster.isUp(name) || this.cluster.node(name).engine.isCarrying) return false;
      const rows = this.rows(name);
      return rows.disk === disk && rows.memory === memory;
    });
  }

  async restart(names: readonly string[]): Promise<void> {
    for (const name of names) this.cluster.crash(name);
    for (const name of names) this.cluster.start(name);
    await this.cluster.runUntilUp(names, 30_000);
    await this.cluster.world.runFor(MEETING_MS);
  }

  async areEqual(): Promise<boolean> {
    return (await copiesReport(this.cluster))[0] === ALL_EQUAL;
  }

  async passUntilEqual(): Promise<void> {
    for (let i = 0; i < 60 && !(await this.areEqual()); i++) await this.cluster.world.runFor(1_000);
    expect(await copiesReport(this.cluster)).toEqual([ALL_EQUAL]);
  }

  /** A node's own copy: its newest value. */
  async copyAt(name: string, key: string): Promise<string | undefined> {
    const copies = await this.cluster.world.runUntil(new Survey(this.cluster).copiesAt(name, [key]));
    const cell = copies.get(key);
    const sibling = cell && decodeCell(cell).siblings[0];
    return sibling === undefined || !("payload" in sibling) ? undefined : toText(sibling.payload);
  }
}

test("who was stopped has no rows of a keyspace in memory, and gets them back from the others", async () => {
  const story = await Story.begin("back from others");
  await story.keep("sessions", "STORAGE", "memory");
  await story.write("sessions", "1");
  await story.write("users", "1");
  await story.passUntil(() => story.have(60, 60));
  const { actor } = story.cluster.node("n2");
  story.cluster.crash("n2");
  await story.write("sessions", "2");
  expect(await story.ask("n1", "DEL", "sessions:7")).toBe(1);
  story.cluster.start("n2");
  await story.cluster.runUntilUp(["n2"], 30_000);
  expect(story.cluster.node("n2").actor).not.toBe(actor);
  await story.passUntilEqual();
  expect(story.rows("n2").disk).toBe(60);
  expect(await story.copyAt("n2", "sessions:1")).toBe("2");
  expect(await story.copyAt("n2", "sessions:7")).toBeUndefined();
}, 60_000);

test("one after another may stop, as long as the others have given it its rows again; all at once lose them, and nothing on disk", async () => {
  const story = await Story.begin("one after another");
  await story.keep("sessions", "STORAGE", "memory");
  await story.write("sessions", "1");
  await story.write("users", "1");
  for (const name of NAMES) {
    await story.restart([name]);
    await story.passUntilEqual();
  }
  expect(await story.ask("n3", "GET", "sessions:9")).toBe("1");
  await story.restart(NAMES);
  await story.passUntilEqual();
  expect(await story.ask("n3", "GET", "sessions:9")).toBeNull();
  expect(await story.ask("n3", "GET", "users:9")).toBe("1");
}, 60_000);

test.each([0, 1, 2, 3, 5, 8, 13, 40])(
  "one loses its power %i ms after rows begin to go from disk to memory, and again on their way back: nothing is lost",
  async (afterMs) => {
    const story = await Story.begin(`half way ${afterMs}`);
    await story.write("sessions", "1");
    await story.write("users", "1");
    await story.keep("sessions", "STORAGE", "memory");
    await story.cluster.world.runFor(afterMs);
    await story.write("sessions", "2", "n3");
    await story.restart(["n2"]);
    await story.passUntil(() => story.have(60, 60));
    await story.passUntilEqual();
    await story.keep("sessions", "STORAGE", "disk");
    await story.cluster.world.runFor(afterMs);
    await story.restart(["n3"]);
    await story.passUntil(() => story.have(120, 0));
    await story.passUntilEqual();
    await story.restart(NAMES); // by now all is on disk again
    await story.passUntilEqual();
    for (const key of KEYS) expect(await story.ask("n1", "GET", `sessions:${key}`)).toBe("2");
    expect(story.have(120, 0)).toBe(true);
  },
  60_000,
);

test("of a keyspace that may evict, repair brings nothing back, and reading does", async () => {
  const story = await Story.begin("cache");
  await story.keep("pages", "STORAGE", "memory", "MAXMEMORY", "1mb", "EVICT", "allkeys-lru");
  await story.write("pages", "1");
  await story.passUntil(() => NAMES.every((name) => story.rows(name).memory === KEYS.length));
  await story.restart(["n2"]);
  await story.cluster.world.runFor(20_000);
  expect(NAMES.map((name) => story.rows(name).memory)).toEqual([60, 0, 60]);
  for (const key of KEYS) expect(await story.ask("n2", "GET", `pages:${key}`)).toBe("1");
  await story.cluster.world.runFor(1_000);
  expect(story.rows("n2").memory).toBe(KEYS.length);
}, 60_000);

test.each(["STORAGE disk", "EVICT noeviction", "dropped"])(
  "a keyspace that is no cache any more (%s) has all again that one replica has of it: who lacks some does not take them for deleted",
  async (change) => {
    const story = await Story.begin(`no cache any more: ${change}`);
    await story.keep("pages", "STORAGE", "memory", "MAXMEMORY", "1mb", "EVICT", "allkeys-lru");
    await story.write("pages", "1");
    await story.passUntil(() => NAMES.every((name) => story.rows(name).memory === KEYS.length));
    for (const name of ["n2", "n3"]) await story.restart([name]);
    await story.cluster.world.runFor(60_000); // all agree on what they have seen
    expect(NAMES.map((name) => story.rows(name).memory)).toEqual([60, 0, 0]);
    if (change === "dropped") expect(await story.ask("n1", "KV.KEYSPACE", "DROP", "pages")).toBe("OK");
    else await story.keep("pages", ...change.split(" "));
    await story.passUntil(() => (change.startsWith("EVICT") ? story.have(0, 60) : story.have(60, 0)), 60_000);
  },
  60_000,
);
