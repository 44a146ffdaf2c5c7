/** Memory engines for tests: clocks that stand still, chance by seed. */
import type { Random } from "../../runtime/runtime.ts";
import { simpleRules } from "../simple-engine.oracle.ts";
import { MemoryEngine, type MemoryEngineOptions } from "./memory-engine.ts";

export interface TestEngine {
  readonly engine: MemoryEngine;
  readonly wall: { nowMs: number };
  readonly monotonic: { nowMs: number };
}

export function createEngine(options: Partial<MemoryEngineOptions> = {}): TestEngine {
  const wall = { nowMs: 1_000_000_000_000 };
  const monotonic = { nowMs: 0 };
  const engine = new MemoryEngine({
    rules: simpleRules,
    random: seededRandom(1),
    clock: { wallMs: () => wall.nowMs, monotonicMs: () => monotonic.nowMs },
    memoryBytesMax: 0,
    evictionPolicy: "noeviction",
    evictionSamples: 5,
    ...options,
  });
  return { engine, wall, monotonic };
}

/** Source: Steele and Vigna, SplitMix32 in its usual form. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const uint32 = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  return {
    uint32,
    below: (limit) => Math.floor((uint32() / 2 ** 32) * limit),
    bytes: (count) => Uint8Array.from({ length: count }, () => uint32() & 0xff),
  };
}
