/** What the words after a verb mean. */
import { parseDuration } from "./duration.ts";

/** They make no sense. */
export class Usage extends Error {}

export function named(word: string | undefined): string {
  if (word === undefined) throw new Usage();
  return word;
}

export function duration(word: string | undefined): number {
  const ms = parseDuration(word ?? "");
  if (ms === undefined) throw new Usage();
  return ms;
}

export function number(word: string | undefined): number {
  const value = Number(word ?? Number.NaN);
  if (Number.isNaN(value)) throw new Usage();
  return value;
}

export function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at === -1) throw new Usage();
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

export function sidesOf(words: readonly string[]): [string[], string[]] {
  const bar = words.indexOf("|");
  if (bar < 1 || bar === words.length - 1) throw new Usage();
  return [words.slice(0, bar), words.slice(bar + 1)];
}
