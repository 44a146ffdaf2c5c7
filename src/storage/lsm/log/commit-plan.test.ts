import { describe, expect, test } from "vitest";
import { type LogState, nextStep, SYNC_INTERVAL_MS, WRITE_INTERVAL_MS } from "./commit-plan.ts";

const NOW_MS = 100_000;
const IDLE: LogState = {
  policy: "always",
  isOpen: true,
  hasUnwritten: false,
  hasUnsynced: false,
  isEnding: false,
  lastWriteMs: NOW_MS,
  lastSyncMs: NOW_MS,
  retryAtMs: Number.NEGATIVE_INFINITY,
};
const POLICIES = ["always", "everysec", "no"] as const;

function step(state: Partial<LogState>, afterMs = 0): string {
  return nextStep({ ...IDLE, ...state }, NOW_MS + afterMs);
}

describe.each(POLICIES)("under %s", (policy) => {
  test("it rests when there is nothing to do", () => {
    expect(step({ policy })).toBe("rest");
    expect(step({ policy, isOpen: false })).toBe("rest");
  });

  test("a file is opened before anything else", () => {
    expect(step({ policy, isOpen: false, hasUnwritten: true }, 5)).toBe("open");
    expect(step({ policy, isOpen: false, hasUnsynced: true }, 1000)).toBe("open");
  });

  test("a file that ends is written, synced and finished, at once", () => {
    const ending = { policy, isEnding: true };
    expect(step({ ...ending, hasUnwritten: true })).toBe("write");
    expect(step({ ...ending, hasUnsynced: true })).toBe("sync");
    expect(step(ending)).toBe("finish");
    expect(step({ ...ending, isOpen: false })).toBe("finish");
  });

  test("nothing is tried before it is time to try again", () => {
    const failed = { policy, retryAtMs: NOW_MS + 10, isEnding: true, hasUnwritten: true, isOpen: false };
    expect(step(failed, 9)).toBe("wait");
    expect(step(failed, 10)).toBe("open");
  });
});

test("under always, what was written is synced before more is written", () => {
  expect(step({ hasUnwritten: true })).toBe("write");
  expect(step({ hasUnwritten: true, hasUnsynced: true })).toBe("sync");
});

test.each(["everysec", "no"] as const)("under %s, writes keep their distance", (policy) => {
  expect(step({ policy, hasUnwritten: true }, WRITE_INTERVAL_MS - 1)).toBe("wait");
  expect(step({ policy, hasUnwritten: true }, WRITE_INTERVAL_MS)).toBe("write");
});

test("under everysec, syncs keep their distance, and come first when it is time", () => {
  const state = { policy: "everysec", hasUnsynced: true } as const;
  expect(step(state, SYNC_INTERVAL_MS - 1)).toBe("wait");
  expect(step({ ...state, hasUnwritten: true }, SYNC_INTERVAL_MS)).toBe("sync");
});

test("under no, what is written is let alone", () => {
  expect(step({ policy: "no", hasUnsynced: true }, 1e9)).toBe("rest");
});
