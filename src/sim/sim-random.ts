/**
 * Repeatable chance: sfc32, seeded by a text. Streams forked by label do not disturb one another, so a new
 * draw in one component leaves the history of the others as it was.
 * Source: Chris Doty-Humphrey, PractRand 0.94, "sfc"; the text is hashed by FNV-1a, mixed as in MurmurHash3.
 */
import { assert } from "../base/assert.ts";
import type { Random } from "../runtime/runtime.ts";

const RANGE = 2 ** 32;
const WARM_UP_ROUNDS = 15;

export class SimRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = hash(seed, 0);
    this.#b = hash(seed, 1);
    this.#c = hash(seed, 2);
    for (let i = 0; i < WARM_UP_ROUNDS; i++) this.uint32();
  }

  /** Another stream, decided by this one's seed and the label alone, not by what was drawn. */
  fork(label: string): SimRandom {
    return new SimRandom(`${this.#seed}/${label}`);
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  below(limit: number): number {
    assert(limit > 0 && limit <= RANGE, "a limit is in (0, 2^32]");
    return Math.floor((this.uint32() / RANGE) * limit);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.uint32() >>> 24;
    return bytes;
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (this.uint32() / RANGE) * (high - low);
  }

  /** True once in `times` draws. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }
}

function hash(text: string, variant: number): number {
  let state = 0x811c9dc5 ^ variant;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
