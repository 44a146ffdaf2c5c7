/**
 * Scenarios of whole runs: clients of all kinds, drawn from the seed, a script of what befalls the cluster meanwhile,
 * and at the end the question whether all promises were kept. What a failing seed is shrunk to is written like this.
 *
 *   run seed=7 nodes=3 clients=2 faultsMs=20000
 *   at 3.25s crash n2
 *   at 9s start n2
 *   check promises           or check promise NAME, of one checker
 *   < kept
 *
 * `sabotage NAME` breaks the nodes on purpose (sabotage/controls.ts). Times count from the end of the warm-up. What `run` takes are the fields of RunWishes, as JSON or bare.
 */
import type { Violation } from "../history/history.ts";
import { CONTROLS } from "../sabotage/controls.ts";
import type { Sabotage } from "../sabotage/sabotage.ts";
import { CHECKERS } from "../world/checkers-in-use.ts";
import { planRun, type RunWishes } from "../world/run-plan.ts";
import type { Deed } from "../world/script.ts";
import { type Checker, runSimulation } from "../world/sim-run.ts";
import { formatDuration } from "./duration.ts";
import { FAULT_VERBS } from "./fault-verbs.ts";
import { quoted, ScenarioError, type ScenarioLine } from "./scenario-text.ts";

export interface RunStageOptions {
  readonly checkers?: readonly Checker[];
}

/** Those of the negative controls, by name. */
const SABOTAGES: Readonly<Record<string, Sabotage>> = Object.fromEntries(
  CONTROLS.map(({ sabotage }) => [sabotage.name, sabotage]),
);

const WISHES = [
  "seed",
  "nodes",
  "datacenters",
  "farMs",
  "nodesPerMachine",
  "settings",
  "copies",
  "read",
  "write",
  "isSloppy",
  "founds",
  "clients",
  "thinkMs",
  "keysPerFamily",
  "skew",
  "mix",
  "keyspaces",
  "keyspacesInMemory",
  "clockFaults",
  "moves",
  "wipes",
  "endsEarly",
  "hintBytesMax",
  "doublesMessages",
  "faultEveryMs",
  "faultsMs",
] as const satisfies readonly (keyof RunWishes)[];

export function isRunScenario(lines: readonly ScenarioLine[]): boolean {
  return lines.some(({ step }) => step?.words[0] === "run");
}

/** The same lines, with the answers that were given. Throws ScenarioError. */
export async function playRun(
  lines: readonly ScenarioLine[],
  { checkers = CHECKERS }: RunStageOptions = {},
): Promise<readonly ScenarioLine[]> {
  const { wishes, sabotage } = readRun(lines);
  const seams = sabotage?.seams;
  const { violations } = await runSimulation(planRun(wishes), { checkers, ...(seams && { seams }) });
  return lines.map((line) => (isQuestion(line) ? { ...line, expected: answersTo(line, violations) } : line));
}

/** To `check promises`, or to `check promise NAME`: of one checker. */
function answersTo({ step }: ScenarioLine, violations: readonly Violation[]): readonly string[] {
  const [, , asked] = step!.words;
  const names = new Set(violations.map(({ checker }) => checker));
  if (asked !== undefined) return [names.has(asked) ? "broken" : "kept"];
  return names.size === 0 ? ["kept"] : [...names].sort().map((name) => `broken: ${name}`);
}

/** The lines that play a run and ask for one promise. Requires: its wishes have a script. */
export function printRun({ script = [], ...wishes }: RunWishes, checker: string): readonly string[] {
  const words = WISHES.flatMap((name) =>
    wishes[name] === undefined ? [] : [`${name}=${valueWord(wishes[name])}`],
  );
  return [
    `run ${words.join(" ")}`,
    ...script.map(({ atMs, words: deed }) => `at ${exactSpan(atMs)} ${deed.join(" ")}`),
    `check promise ${quoted(checker)}`,
  ];
}

/** A time that is rounded is another run. */
function exactSpan(ms: number): string {
  return Number.isInteger(ms) ? formatDuration(ms) : `${ms}ms`;
}

function readRun(lines: readonly ScenarioLine[]) {
  const fields: Record<string, unknown> = {};
  const script: Deed[] = [];
  let sabotage: Sabotage | undefined;
  for (const line of lines) {
    const { step, number } = line;
    if (step === undefined || isQuestion(line)) continue;
    const [name, ...words] = step.words;
    if (name === "run") Object.assign(fields, fieldsOf(words, number));
    else if (name === "sabotage") sabotage = named(SABOTAGES, words.join(" "), number);
    else if (step.atMs === undefined)
      throw new ScenarioError(number, `${name} when? A run goes on: at TIME ${name}`);
    else if (named(FAULT_VERBS, name, number)) script.push({ atMs: step.atMs, words: step.words });
  }
  return { wishes: { seed: "1", ...fields, script } as RunWishes, sabotage };
}

function fieldsOf(words: readonly string[], line: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const word of words) {
    const [name, value = ""] = partOnce(word, "=");
    if (!WISHES.some((known) => known === name))
      throw new ScenarioError(line, `a run has no ${name}; it has ${WISHES.join(", ")}`);
    fields[name] = name === "seed" ? value : typed(value);
  }
  return fields;
}

function named<Known>(table: Readonly<Record<string, Known>>, name: string | undefined, line: number): Known {
  if (name !== undefined && Object.hasOwn(table, name)) return table[name]!;
  throw new ScenarioError(line, `there is no ${name}; there are: ${Object.keys(table).join(", ")}`);
}

function isQuestion({ step }: ScenarioLine): boolean {
  const [check, what, name] = step?.words ?? [];
  return check === "check" && (name === undefined ? what === "promises" : what === "promise");
}

function partOnce(text: string, by: string): readonly [string, string?] {
  const at = text.indexOf(by);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}

function typed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function valueWord(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
