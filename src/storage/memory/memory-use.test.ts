/** What the engine takes of the process that it is in; in a file, hence a process, of its own. */
import { expect, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { simpleKey } from "../simple-engine.oracle.ts";
import { type CellRules, NEVER_EXPIRES } from "../storage-engine.ts";
import { createEngine } from "./memory-engine.contract.ts";

/** Rules that make no garbage themselves. */
const rules: CellRules = {
  merge: (existing) => existing,
  expiresAtMs: () => NEVER_EXPIRES,
  isCollectible: () => false,
};

const key = simpleKey("key");
const into: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

function aim(number: number): void {
  const name = new Uint8Array(16);
  for (let digit = 0; digit < 8; digit++) name[digit] = (number >>> (digit * 4)) & 15;
  key.encode(0, name, 0, name.length);
}

test("memoryBytes is what the process has grown by", () => {
  const { engine } = createEngine({ rules });
  const cell = { bytes: new Uint8Array(700), start: 100, end: 608 };
  const fill = (from: number, to: number): void => {
    for (let number = from; number < to; number++) {
      aim(number);
      engine.put(key, cell);
    }
  };
  fill(0, 20_000); // until the code is compiled
  const before = { resident: process.memoryUsage.rss(), held: engine.statistics.memoryBytes };
  fill(20_000, 200_000);
  const resident = process.memoryUsage.rss() - before.resident;
  const held = engine.statistics.memoryBytes - before.held;
  expect(held / resident).toBeGreaterThan(0.85);
  expect(held / resident).toBeLessThan(1.15);
  expect(held / 180_000).toBeLessThan(22 + 508 + 60);
});

test("reading and overwriting make no garbage, whatever the key's hash", () => {
  const { engine } = createEngine({ rules });
  const cell = { bytes: new Uint8Array(200), start: 3, end: 127 };
  const run = (): void => {
    for (let i = 0; i < 10_000; i++) {
      engine.put(key, cell);
      engine.get(key, into);
    }
  };
  const bytesPerCall = (number: number): number => {
    aim(number);
    for (let round = 0; round < 10; round++) run();
    const before = process.memoryUsage().heapUsed;
    run(); // so short that seldom a garbage collection comes between
    return (process.memoryUsage().heapUsed - before) / 20_000;
  };
  const rising = Array.from({ length: 16 }, (_, number) => bytesPerCall(number)).sort((a, b) => a - b);
  expect(rising[11]).toBeLessThan(4); // the smallest object has 16, and half of the hashes are beyond 2^31
});
