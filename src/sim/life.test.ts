import { expect, test } from "vitest";
import { Life } from "./life.ts";
import { Scheduler } from "./scheduler.ts";

test("what a life planned dies with it, and no promise it waits for settles", async () => {
  const scheduler = new Scheduler();
  const life = new Life(scheduler);
  const log: string[] = [];
  life.after(1, () => log.push("before"));
  life.after(3, () => log.push("after"));
  void life.wait(3).finally(() => log.push("waited"));
  scheduler.at(2, () => life.end());
  await scheduler.runUntil(10);
  life.after(0, () => log.push("posthumous"));
  await scheduler.runUntil(20);
  expect(log).toEqual(["before"]);
});

test("while a life is paused its events wait, and keep their order", async () => {
  const scheduler = new Scheduler();
  const life = new Life(scheduler);
  const log: string[] = [];
  const note = (name: string): (() => void) => {
    return () => log.push(`${name}@${scheduler.nowMs}`);
  };
  life.after(1, note("a"));
  life.after(2, note("b"));
  life.after(3, note("c"));
  const cancel = life.after(2, note("cancelled"));
  scheduler.at(1.5, () => life.pauseUntil(10));
  scheduler.at(5, cancel);
  await scheduler.runUntil(20);
  expect(log).toEqual(["a@1", "b@10", "c@10"]);
});

test("the end comes for a paused life too", async () => {
  const scheduler = new Scheduler();
  const life = new Life(scheduler);
  life.pauseUntil(10);
  life.after(1, () => expect.unreachable());
  scheduler.at(5, () => life.end());
  await scheduler.runUntil(20);
  expect(life.isAlive).toBe(false);
});
