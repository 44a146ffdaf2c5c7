import { expect, test } from "vitest";
import { Scheduler } from "./scheduler.ts";

test("events run in the order of time, then of insertion", async () => {
  const scheduler = new Scheduler();
  const log: string[] = [];
  for (const [atMs, name] of [
    [5, "c"],
    [1, "a"],
    [5, "d"],
    [2.5, "b"],
  ] as const) {
    scheduler.at(atMs, () => log.push(`${name}@${scheduler.nowMs}`));
  }
  await scheduler.runUntil(5);
  expect(log).toEqual(["a@1", "b@2.5", "c@5", "d@5"]);
});

test("time stops where it was told to, and later events wait", async () => {
  const scheduler = new Scheduler();
  let fired = false;
  scheduler.at(10, () => {
    fired = true;
  });
  await scheduler.runUntil(9.9);
  expect([fired, scheduler.nowMs]).toEqual([false, 9.9]);
  await scheduler.runUntil(10);
  expect(fired).toBe(true);
});

test("every promise chain ends before the next event of the same time", async () => {
  const scheduler = new Scheduler();
  const log: string[] = [];
  scheduler.at(1, () => {
    void (async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      log.push("chain");
    })();
  });
  scheduler.at(1, () => log.push("next"));
  await scheduler.runUntil(1);
  expect(log).toEqual(["chain", "next"]);
});

test("a cancelled event does not fire, nor does time stop at it", async () => {
  const scheduler = new Scheduler();
  const cancel = scheduler.at(1_000, () => expect.unreachable());
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  scheduler.at(1, cancel);
  scheduler.at(2_000, resolve);
  await scheduler.runUntilSettled(promise);
  expect(scheduler.nowMs).toBe(2_000);
});

test("an event may plan others for now, but none for the past", async () => {
  const scheduler = new Scheduler();
  const log: number[] = [];
  scheduler.at(3, () => {
    scheduler.after(0, () => log.push(scheduler.nowMs));
    expect(() => scheduler.at(2, () => undefined)).toThrow("past");
  });
  await scheduler.runUntil(3);
  expect(log).toEqual([3]);
});

test("an exception in an event ends the run with it; the run may go on", async () => {
  const scheduler = new Scheduler();
  let fired = false;
  scheduler.at(1, () => {
    throw new Error("a bug");
  });
  scheduler.at(2, () => {
    fired = true;
  });
  await expect(scheduler.runUntil(5)).rejects.toThrow("a bug");
  await scheduler.runUntil(5);
  expect(fired).toBe(true);
});

test("runUntilSettled settles as the promise does, and no later", async () => {
  const scheduler = new Scheduler();
  const outcome = new Promise<string>((resolve) => {
    scheduler.at(7, () => resolve("done"));
  });
  scheduler.at(8, () => expect.unreachable());
  expect(await scheduler.runUntilSettled(outcome)).toBe("done");
  expect(scheduler.nowMs).toBe(7);
  await expect(scheduler.runUntilSettled(Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("a promise that nothing will settle is a deadlock", async () => {
  const scheduler = new Scheduler();
  const never = new Promise<void>(() => undefined);
  await expect(scheduler.runUntilSettled(never)).rejects.toThrow("deadlock");
  const tick = (): void => void scheduler.after(10, tick);
  tick();
  await expect(scheduler.runUntilSettled(never, 1_000)).rejects.toThrow("deadlock");
});

test("two runs at once are refused", async () => {
  const scheduler = new Scheduler();
  const first = scheduler.runUntil(1);
  await expect(scheduler.runUntil(2)).rejects.toThrow("runs already");
  await first;
});
