/** A node of twice the weight keeps about twice as much. */
import { expect, test } from "vitest";
import { RealCluster } from "./support/cluster/real-cluster.ts";

test("a node of weight 2 keeps copies of about twice as many slots", { timeout: 120_000 }, async () => {
  const optionsOf = [["--weight", "2"]];
  const cluster = await RealCluster.start(5, { options: ["--storage", "memory"], optionsOf });
  try {
    const { members } = await cluster.nodes[1]!.status();
    const heavy = members.find(({ weight }) => weight === 2)!;
    const light = members.filter(({ weight }) => weight === 1);
    expect(light).toHaveLength(4);
    // A tenth from the fair share is the ring's own promise.
    const lightSlots = light.reduce((sum, { slots }) => sum + slots, 0) / light.length;
    expect(heavy.slots / lightSlots).toBeGreaterThan(1.7);
    expect(heavy.slots / lightSlots).toBeLessThan(2.3);
    expect(members.reduce((sum, { slots }) => sum + slots, 0)).toBe(3 * 16384);
  } finally {
    await cluster.close();
  }
});
