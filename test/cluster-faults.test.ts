/**
 * Five nodes on disks that forget what was not synced, under crashes, kills, pauses and partitions: what was
 * acknowledged is there when all is healed. And nodes that break their word, which the check must catch.
 */
import { describe, expect, test } from "vitest";
import { FaultStory, type StoryFindings, type StoryOptions } from "../src/node/fault-story.oracle.ts";

const DURABLE = { storage: "disk", fsync: "always" } as const;
const FIVE: StoryOptions = { nodes: 5, isSloppy: true, settings: DURABLE };
const STORY_MS = 20_000;
/** KVORUM_STORIES: how many of each kind; KVORUM_SEED: the first one's. */
const STORIES = Number(process.env.KVORUM_STORIES ?? 2);
const FIRST_SEED = Number(process.env.KVORUM_SEED ?? 1);
const SEEDS = Array.from({ length: STORIES }, (_, i) => FIRST_SEED + i);

test.each(SEEDS)(
  "no acknowledged write is lost, and nothing is back that one replaced (seed %i)",
  async (seed) => {
    const findings = await FaultStory.run(`faults ${seed}`, STORY_MS, FIVE);
    expect(findings.lost).toEqual([]);
    expect(findings.ackedCount).toBeGreaterThan(100);
  },
  120_000,
);

test.each(SEEDS)(
  "without sloppy writes quorum reads know of every write before them (seed %i)",
  async (seed) => {
    const findings = await FaultStory.run(`strict ${seed}`, STORY_MS, { ...FIVE, isSloppy: false });
    expect(findings).toMatchObject({ lost: [], stale: [] });
    expect(findings.readCount).toBeGreaterThan(50);
  },
  120_000,
);

describe("the check catches", () => {
  /** Runs stories until one shows the fault. */
  async function anyLost(options: StoryOptions): Promise<StoryFindings["lost"]> {
    for (let seed = 1; seed <= 6; seed++) {
      const { lost } = await FaultStory.run(`broken ${seed}`, STORY_MS, options);
      if (lost.length > 0) return lost;
    }
    return [];
  }

  test("acknowledgements that do not wait for the disk", async () => {
    const onStart: StoryOptions["onStart"] = (town, index) => {
      void town.node(index).cluster!.repair.close(); // it brings back most of what one node has lost before another loses it
    };
    const settings = { ...DURABLE, fsync: "no" } as const;
    expect(await anyLost({ ...FIVE, settings, onStart })).not.toEqual([]);
  }, 120_000);

  test("hints that are acknowledged and forgotten", async () => {
    const onStart: StoryOptions["onStart"] = (town, index) => {
      const { hints, repair } = town.node(index).cluster!;
      hints.add = async () => undefined;
      void repair.close(); // it would find most of what the hints had been for
    };
    expect(await anyLost({ ...FIVE, onStart })).not.toEqual([]);
  }, 120_000);
});
