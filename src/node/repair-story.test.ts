/** Through crashes, deaths, pauses and partitions, with writes and deletions all the while: in the end replicas are equal. */
import { expect, test } from "vitest";
import { FaultStory } from "./fault-story.oracle.ts";
import type { NodeSettings } from "./settings.ts";

const onDisk: Partial<NodeSettings> = { storage: "disk", fsync: "everysec", memtableBytes: 64 * 1024 };
const STORY_MS = 20_000;

test.each([
  ["five nodes in memory, of which the dead come back with nothing", 5, {}],
  ["three nodes in memory", 3, {}],
  ["four nodes on disk, which lose what was not synced", 4, onDisk],
] as const)("%s", { timeout: 120_000 }, async (_, nodes, settings) => {
  for (let seed = 0; seed < 2; seed++) {
    const findings = await FaultStory.run(`repair ${nodes} ${seed}`, STORY_MS, {
      settings,
      nodes,
      isSloppy: seed % 2 === 0,
    });
    expect(findings.ackedCount).toBeGreaterThan(100);
    expect(findings.unequal).toEqual([]);
  }
});

test("control: without exchanges they are not", { timeout: 60_000 }, async () => {
  const findings = await FaultStory.run("repair 5 0", STORY_MS, {
    nodes: 5,
    isSloppy: true,
    onStart: (town, index) => void town.node(index).cluster!.repair.close(),
  });
  expect(findings.unequal.length).toBeGreaterThan(0);
});
