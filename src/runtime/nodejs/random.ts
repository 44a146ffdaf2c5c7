/** Chance: the engine's generator for decisions, the system's for identities and secrets. */
import { randomBytes } from "node:crypto";
import { assert } from "../../base/assert.ts";
import type { Random } from "../runtime.ts";

const RANGE = 2 ** 32;

export function createNodejsRandom(): Random {
  return { uint32: () => Math.floor(Math.random() * RANGE), below, bytes };
}

function below(limit: number): number {
  assert(limit > 0 && limit <= RANGE, "a limit is in (0, 2^32]");
  return Math.floor(Math.random() * limit);
}

function bytes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}
