/** What every Clock must do. Run against the real one and the simulated one. */
import { expect, test } from "vitest";
import type { Clock } from "./runtime.ts";

/** Runs `body` to its end in a world where `clock` goes. */
export type InClock = (body: (clock: Clock) => Promise<void>) => Promise<void>;

export function testClock(name: string, inClock: InClock): void {
  const check = (what: string, body: (clock: Clock) => Promise<void>): void => {
    test(`${name}: ${what}`, () => inClock(body));
  };
  testReading(check);
  testSleep(check);
  testEvery(check);
  testDefer(check);
}

type Check = (what: string, body: (clock: Clock) => Promise<void>) => void;

function testReading(check: Check): void {
  check("the monotonic clock never goes back", async (clock) => {
    let last = clock.monotonicMs();
    for (let i = 0; i < 1_000; i++) {
      const now = clock.monotonicMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  check("the time of a turn is no later than now, and later in a later turn", async (clock) => {
    await clock.sleep(1);
    const turnMs = clock.turnMs();
    const nowMs = clock.monotonicMs();
    expect(turnMs).toBeLessThanOrEqual(nowMs);
    expect(clock.turnMs()).toBe(turnMs);
    await clock.sleep(5);
    expect(clock.turnMs()).toBeGreaterThanOrEqual(nowMs);
  });

  check("wall time is in whole milliseconds of this century", async (clock) => {
    expect(Number.isInteger(clock.wallMs())).toBe(true);
    expect(clock.wallMs()).toBeGreaterThan(946_684_800_000);
  });
}

function testSleep(check: Check): void {
  check("a sleep lasts as long as asked", async (clock) => {
    for (const delayMs of [0, 0.5, 7, 20]) {
      const start = clock.monotonicMs();
      await clock.sleep(delayMs);
      expect(clock.monotonicMs() - start).toBeGreaterThanOrEqual(delayMs);
    }
  });

  check("sleepers wake in the order of their deadlines", async (clock) => {
    const woken: number[] = [];
    const sleepFor = async (delayMs: number): Promise<void> => {
      await clock.sleep(delayMs);
      woken.push(delayMs);
    };
    await Promise.all([sleepFor(40), sleepFor(1), sleepFor(20)]);
    expect(woken).toEqual([1, 20, 40]);
  });

  check("an abort ends a sleep with its reason", async (clock) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const start = clock.monotonicMs();
    const sleeping = clock.sleep(1_000_000, abort.signal);
    clock.defer(() => abort.abort(reason));
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.monotonicMs() - start).toBeLessThan(1_000_000);
  });

  check("a sleep with an aborted signal never begins", async (clock) => {
    const reason = new Error("too late");
    await expect(clock.sleep(0, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  check("an abort after the sleep changes nothing", async (clock) => {
    const abort = new AbortController();
    await clock.sleep(1, abort.signal);
    abort.abort();
  });

  check("a sleep of many weeks does not end at once", async (clock) => {
    const abort = new AbortController();
    let over = false;
    const sleeping = clock.sleep(60 * 24 * 3_600_000, abort.signal).finally(() => {
      over = true;
    });
    await clock.sleep(20);
    expect(over).toBe(false);
    abort.abort();
    await expect(sleeping).rejects.toBe(abort.signal.reason);
  });
}

function testEvery(check: Check): void {
  check("every ticks until it is cancelled", async (clock) => {
    let ticks = 0;
    const start = clock.monotonicMs();
    await new Promise<void>((resolve) => {
      const cancel = clock.every(5, () => {
        ticks++;
        if (ticks < 3) return;
        cancel();
        resolve();
      });
    });
    expect(clock.monotonicMs() - start).toBeGreaterThan(10);
    await clock.sleep(20);
    expect(ticks).toBe(3);
  });

  check("every refuses intervals that no timer keeps", async (clock) => {
    expect(() => clock.every(2 ** 31, () => undefined)).toThrow();
    expect(() => clock.every(0, () => undefined)).toThrow();
  });

  check("every never ticks before the caller returns, nor after a cancel", async (clock) => {
    let ticks = 0;
    const cancel = clock.every(1, () => ticks++);
    expect(ticks).toBe(0);
    cancel();
    cancel();
    await clock.sleep(10);
    expect(ticks).toBe(0);
  });
}

function testDefer(check: Check): void {
  check("deferred tasks run once, in order, after the caller and its promises", async (clock) => {
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      clock.defer(() => {
        log.push("first");
        clock.defer(() => {
          log.push("third");
          resolve();
        });
      });
      clock.defer(() => log.push("second"));
      void Promise.resolve().then(() => log.push("promise"));
      log.push("caller");
    });
    expect(log).toEqual(["caller", "promise", "first", "second", "third"]);
  });
}
