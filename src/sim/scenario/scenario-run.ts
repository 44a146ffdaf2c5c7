/**
 * Plays a scenario, and says what it came to: the same text with the answers that were given, and where they are not
 * those expected.
 */
import type { Outcome } from "../history/history.ts";
import type { SimWorldOptions } from "../sim-runtime.ts";
import { CHECKS } from "./checks.ts";
import { formatDuration } from "./duration.ts";
import { outcomeText } from "./reply-text.ts";
import { isRunScenario, playRun, type RunStageOptions } from "./run-stage.ts";
import {
  parseScenario,
  printScenario,
  ScenarioError,
  type ScenarioLine,
  type Step,
} from "./scenario-text.ts";
import { Stage } from "./stage.ts";
import { SettingsReader } from "./stage-settings.ts";
import { VERBS } from "./verbs.ts";
import { Usage } from "./words.ts";

export interface ScenarioResult {
  /** With the answers that were given. */
  readonly text: string;
  readonly surprises: readonly Surprise[];
}

export interface Surprise {
  readonly line: number;
  readonly step: string;
  readonly expected: readonly string[];
  readonly given: readonly string[];
}

export interface ScenarioOptions extends SimWorldOptions, RunStageOptions {}

/** Throws ScenarioError where the text makes no sense. */
export async function runScenario(text: string, options: ScenarioOptions = {}): Promise<ScenarioResult> {
  const lines = parseScenario(text);
  const played = isRunScenario(lines) ? await playRun(lines, options) : await playLines(lines, options);
  return { text: printScenario(played), surprises: surprisesOf(lines, played) };
}

async function playLines(
  lines: readonly ScenarioLine[],
  options: SimWorldOptions,
): Promise<readonly ScenarioLine[]> {
  const reader = new SettingsReader();
  const played: ScenarioLine[] = [];
  let stage: Stage | undefined;
  for (const line of lines) {
    const { step } = line;
    if (step === undefined || (stage === undefined && takeSetting(reader, step, line.number))) {
      played.push(line);
      continue;
    }
    stage ??= await Stage.open(reader.settings(), options);
    played.push({ ...line, expected: await play(stage, step, line.number) });
  }
  return played;
}

/** As somebody reads it who wants to know what went wrong. */
export function surpriseText({ line, step, expected, given }: Surprise): string {
  const shown = (answers: readonly string[]): string =>
    answers.length === 0 ? " nothing" : `\n    ${answers.join("\n    ")}`;
  return `line ${line}: ${step}\n  expected:${shown(expected)}\n  given:${shown(given)}`;
}

function takeSetting(reader: SettingsReader, { atMs, node, words }: Step, line: number): boolean {
  if (atMs !== undefined || node !== undefined) return false;
  try {
    return reader.take(words);
  } catch (cause) {
    throw new ScenarioError(line, (cause as Error).message);
  }
}

async function play(stage: Stage, { atMs, node, words }: Step, line: number): Promise<readonly string[]> {
  if (atMs !== undefined) {
    if (atMs < stage.nowMs) throw new ScenarioError(line, `it is ${formatDuration(stage.nowMs)} already`);
    await stage.runUntil(atMs);
  }
  return node === undefined ? act(stage, words, line) : ask(stage, node, words);
}

async function act(
  stage: Stage,
  [name, ...words]: readonly string[],
  line: number,
): Promise<readonly string[]> {
  const [table, key, rest] = name === "check" ? [CHECKS, words[0], words.slice(1)] : [VERBS, name, words];
  const verb = Object.hasOwn(table, key ?? "") ? table[key!] : undefined;
  if (verb === undefined) {
    const known = Object.keys(table).join(", ");
    throw new ScenarioError(
      line,
      `there is no ${[name, key === name ? "" : key].join(" ").trim()}; there are: ${known}`,
    );
  }
  try {
    return (await verb.run(stage, rest)) ?? [];
  } catch (cause) {
    if (cause instanceof Usage) throw new ScenarioError(line, verb.usage);
    throw new ScenarioError(line, (cause as Error).message);
  }
}

/** A context is of no use to a reader: it is shown as $KEY, which stands for it in later requests. */
async function ask(stage: Stage, node: string, words: readonly string[]): Promise<readonly string[]> {
  const sent = words.map((word) =>
    word.startsWith("$") ? (stage.contexts.get(word.slice(1)) ?? word) : word,
  );
  return [outcomeText(withoutContext(stage, words, await stage.request(node, sent)))];
}

function withoutContext(stage: Stage, [name, key]: readonly string[], outcome: Outcome): Outcome {
  if (outcome.kind !== "reply") return outcome;
  const { reply } = outcome;
  const isArray = name?.toUpperCase() === "KV.GET" && Array.isArray(reply);
  const context = isArray ? reply[0] : name?.toUpperCase() === "KV.PUT" ? reply : undefined;
  if (typeof context !== "string") return outcome;
  stage.contexts.set(key!, context);
  return { kind: "reply", reply: isArray ? [`$${key}`, ...reply.slice(1)] : `$${key}` };
}

function surprisesOf(lines: readonly ScenarioLine[], played: readonly ScenarioLine[]): Surprise[] {
  return lines.flatMap(({ number, text, expected }, index) => {
    const given = played[index]!.expected;
    const isExpected = given.length === expected.length && given.every((answer, i) => answer === expected[i]);
    return isExpected ? [] : [{ line: number, step: text, expected, given }];
  });
}
