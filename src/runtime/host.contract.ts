/** What every Host must do. Run against the real one and the simulated one. */
import { expect, test } from "vitest";
import type { Host } from "./runtime.ts";

export function testHost(name: string, create: () => Host): void {
  test(`${name}: the machine's id is the same for all who ask, and fit for a file or an INFO field`, () => {
    expect(create().machineId).toBe(create().machineId);
    expect(create().machineId).toMatch(/^[\w-]+$/);
  });

  test(`${name}: tells process, platform and memory`, () => {
    const host = create();
    expect(host.processId).toBeGreaterThan(0);
    expect(host.platform).not.toBe("");
    expect(host.openFilesMax).toBeGreaterThan(100);
    expect(host.processorCount).toBeGreaterThanOrEqual(1);
    expect(host.residentBytes()).toBeGreaterThan(0);
    expect(host.totalMemoryBytes()).toBeGreaterThan(host.residentBytes());
  });

  test(`${name}: processor seconds only grow`, () => {
    const host = create();
    const before = host.cpuSeconds();
    const after = host.cpuSeconds();
    expect(before.user).toBeGreaterThanOrEqual(0);
    expect(after.user).toBeGreaterThanOrEqual(before.user);
    expect(after.system).toBeGreaterThanOrEqual(before.system);
  });

  test(`${name}: tells how much room a disk has, and of no path that is not there`, () => {
    const room = create().diskRoom(".");
    expect(room?.freeBytes ?? 0).toBeGreaterThanOrEqual(0);
    expect(room?.totalBytes ?? 1).toBeGreaterThan(0);
    expect(create().diskRoom("/no/such/place")).toBeUndefined();
  });
}
