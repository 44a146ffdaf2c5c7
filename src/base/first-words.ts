/**
 * Finds what belongs to a key by its first word: the bytes up to the first ":". A key without a colon has none.
 * Hot: looking a key up allocates nothing.
 */
import { utf8 } from "./bytes.ts";

const COLON = 0x3a;

interface Entry<T> {
  readonly word: Uint8Array;
  readonly value: T;
}

export class FirstWords<T> {
  readonly #separator: number;
  /** By the length of the word. */
  readonly #entries: readonly (readonly Entry<T>[] | undefined)[];

  /** Requires: each word once. Another `separator` is for tests. */
  constructor(words: Iterable<readonly [word: string, value: T]>, separator = COLON) {
    this.#separator = separator;
    const entries: Entry<T>[][] = [];
    for (const [text, value] of words) {
      const word = utf8(text);
      entries[word.length] ??= [];
      entries[word.length]!.push({ word, value });
    }
    this.#entries = Array.from(entries);
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** What belongs to the key `bytes[start, end)`; undefined if its first word is none of these. */
  of(bytes: Uint8Array, start: number, end: number): T | undefined {
    const entries = this.#entries;
    const last = Math.min(end, start + entries.length);
    for (let i = start; i < last; i++) {
      if (bytes[i] !== this.#separator) continue;
      const candidates = entries[i - start];
      if (candidates === undefined) return undefined;
      for (let c = 0; c < candidates.length; c++) {
        if (startsWith(bytes, start, candidates[c]!.word)) return candidates[c]!.value;
      }
      return undefined;
    }
    return undefined;
  }
}

function startsWith(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
