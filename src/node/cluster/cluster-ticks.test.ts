import { expect, test } from "vitest";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { ClusterTicks } from "./cluster-ticks.ts";

function ticked() {
  const world = new SimWorld(1);
  const { clock } = world.runtime("a");
  const counts = { liveness: 0, coordinator: 0, delivery: 0, other: 0 };
  const count = (name: keyof typeof counts) => ({
    onTick: (): void => {
      counts[name]++;
    },
  });
  const coordinator = { ...count("coordinator"), roundCount: 0 };
  const delivery = { ...count("delivery"), isIdle: true };
  const liveness = count("liveness");
  const ticks = new ClusterTicks({ clock, liveness, coordinator, delivery, others: [count("other")] });
  return { world, counts, coordinator, delivery, ticks };
}

test("an idle member looks around 25 times a second", async () => {
  const { world, counts } = ticked();
  await world.runFor(1_000);
  expect(counts).toEqual({ liveness: 25, coordinator: 25, delivery: 25, other: 25 });
});

test("while requests wait for replicas, rounds are looked at every ten milliseconds", async () => {
  const { world, counts, coordinator, ticks } = ticked();
  await world.runFor(1_000);
  coordinator.roundCount = 1;
  ticks.rouse();
  await world.runFor(200);
  expect(counts.coordinator).toBe(25 + 5 + 20);
  coordinator.roundCount = 0;
  await world.runFor(1_000);
  expect(counts.coordinator).toBe(50 + 25 + 1);
});

test("hints that wait for somebody are looked at as often", async () => {
  const { world, counts, delivery } = ticked();
  delivery.isIdle = false;
  await world.runFor(1_000);
  expect(counts.delivery).toBe(96); // from the first look on
  delivery.isIdle = true;
  await world.runFor(1_000);
  expect(counts.delivery).toBe(97 + 25);
});

test("a round is not given up in the tick after a standstill", async () => {
  const { world, counts, coordinator, ticks } = ticked();
  coordinator.roundCount = 1;
  ticks.rouse();
  await world.runFor(100);
  const before = counts.coordinator;
  world.pause("a", 5_000);
  await world.runFor(5_000);
  expect(counts.coordinator).toBe(before);
  await world.runFor(100);
  expect(counts.coordinator).toBeGreaterThan(before);
});
