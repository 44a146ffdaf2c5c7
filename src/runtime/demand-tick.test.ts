import { expect, test } from "vitest";
import { DemandTick } from "./demand-tick.ts";

/** A clock whose one tick is rung by hand. */
class HandClock {
  ticks: (() => void)[] = [];

  every(_: number, tick: () => void): () => void {
    this.ticks.push(tick);
    return () => {
      this.ticks = this.ticks.filter((each) => each !== tick);
    };
  }

  ring(): void {
    for (const tick of [...this.ticks]) tick();
  }
}

test("ticks from the moment it is roused until nothing needs it, and again when roused", () => {
  const clock = new HandClock();
  let left = 0;
  let count = 0;
  const tick = new DemandTick(clock, 10, () => {
    count++;
    return --left > 0;
  });
  clock.ring();
  expect(count).toBe(0);
  left = 3;
  tick.rouse();
  tick.rouse();
  for (let i = 0; i < 5; i++) clock.ring();
  expect(count).toBe(3);
  expect(tick.isRunning).toBe(false);
  left = 1;
  tick.rouse();
  clock.ring();
  expect(count).toBe(4);
});

test("once closed it is not roused any more", () => {
  const clock = new HandClock();
  const tick = new DemandTick(clock, 10, () => true);
  tick.rouse();
  tick.close();
  tick.rouse();
  expect(clock.ticks).toEqual([]);
});
