/**
 * Scenarios as text. A line is a comment, a setting of the stage (at the beginning), or a step; a step that asks
 * something is followed by what is expected, which can be written anew with all else left as it is.
 *
 *   # A node dies, and the others do without it.
 *   nodes 3
 *   at 1s kill n2
 *   n1> SET k v
 *   < OK
 *   check replicas k
 *   < n1 n3: v
 *   < n2: off
 *
 * Which settings, steps and checks there are: stage-settings.ts, verbs.ts, checks.ts.
 */
import { parseDuration } from "./duration.ts";

export interface Step {
  /** Since the cluster was founded; undefined: at once. */
  readonly atMs: number | undefined;
  /** The node that is sent the words as a request. */
  readonly node: string | undefined;
  readonly words: readonly string[];
}

export interface ScenarioLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Undefined: a comment or an empty line. */
  readonly step: Step | undefined;
  /** What is to be answered. */
  readonly expected: readonly string[];
}

/** Says which line is wrong, and how. */
export class ScenarioError extends Error {
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.name = "ScenarioError";
  }
}

const ANSWER = "< ";

/** Throws ScenarioError. */
export function parseScenario(text: string): readonly ScenarioLine[] {
  const lines: (ScenarioLine & { expected: string[] })[] = [];
  for (const [index, raw] of text.trimEnd().split("\n").entries()) {
    const number = index + 1;
    const line = raw.trimEnd();
    if (line.startsWith(ANSWER)) {
      const asking = lines.at(-1);
      if (asking?.step === undefined) throw new ScenarioError(number, "an answer to nothing");
      asking.expected.push(line.slice(ANSWER.length));
    } else {
      lines.push({ number, text: line, step: parseStep(line, number), expected: [] });
    }
  }
  return lines;
}

/** The text that was parsed, with what is expected as it is now. */
export function printScenario(lines: readonly ScenarioLine[]): string {
  const printed = lines.flatMap(({ text, expected }) => [
    text,
    ...expected.map((each) => `${ANSWER}${each}`),
  ]);
  return `${printed.join("\n")}\n`;
}

function parseStep(line: string, number: number): Step | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const [, at, rest = ""] = /^(?:at +(\S+)(?: +|$))?(.*)$/s.exec(line)!;
  const atMs = at === undefined ? undefined : parseDuration(at);
  if (at !== undefined && atMs === undefined) throw new ScenarioError(number, `${at} is no time, as 1.5s is`);
  const [, node, request] = /^([\w-]+)> *(.*)$/s.exec(rest) ?? [];
  const words = wordsOf(request ?? rest, number);
  if (words.length === 0) throw new ScenarioError(number, "nothing to do");
  return { atMs, node, words };
}

/** Parted by spaces; "..." is a string of JSON. */
function wordsOf(text: string, number: number): readonly string[] {
  const words = text.match(/"(?:[^"\\]|\\.)*"(?=\s|$)|\S+/g) ?? [];
  return words.map((word) => {
    if (!word.startsWith('"')) return word;
    try {
      return String(JSON.parse(word));
    } catch {
      throw new ScenarioError(number, `${word} is no string`);
    }
  });
}

/** A word as `parseScenario` takes it. */
export function quoted(word: string): string {
  return /^[^\s"\\\p{C}]+$/u.test(word) ? word : JSON.stringify(word);
}
