/**
 * Makes a failing run small: a shorter one, with fewer faults, clients, kinds of keys and nodes, that still breaks the
 * same promise. Each try is a whole run; none is taken for failing that was not seen to fail.
 */
import type { Family, Violation } from "../history/history.ts";
import { FULL_MIX } from "../world/request-maker.ts";
import { planRun, type RunWishes } from "../world/run-plan.ts";
import type { Deed } from "../world/script.ts";
import { type RunOptions, runSimulation } from "../world/sim-run.ts";
import { type Budget, fewestItems, leastNumber } from "./delta-debugging.ts";

export interface ShrinkOptions extends Pick<RunOptions, "checkers" | "seams"> {
  /** How many runs it may take. */
  readonly triesMax?: number;
  readonly onTry?: (triesLeft: number, smallest: RunWishes) => void;
}

export interface Shrunk {
  /** With a script of their own: nothing is left to the seed but the clients. */
  readonly wishes: RunWishes;
  /** The checker whose promise is broken, in the first run as in this one. */
  readonly checker: string;
  readonly violations: readonly Violation[];
}

const TRIES_DEFAULT = 150;
/** As `npm run sim` calls it. */
const BROKEN_OFF = "comes to its end";
const TIME_STEPS_MS = [1_000, 100, 10, 1];
const SECOND_MS = 1_000;

/** Undefined if nothing is broken, or not any more when the faults are played in place of drawn. */
export async function shrinkRun(wishes: RunWishes, options: ShrinkOptions): Promise<Shrunk | undefined> {
  const script: Deed[] = [];
  const [first] = await violationsOf(wishes, { ...options, onDeed: (deed) => script.push(deed) });
  if (first === undefined) return undefined;
  const { checker } = first;
  const search = new Search(checker, options);
  const scripted = { ...wishes, script };
  if (!(await search.fails(scripted))) return undefined;
  await search.run();
  await search.roundTimes();
  return { checker, ...search.smallest! };
}

/** A run that does not come to its end breaks a promise, too. */
async function violationsOf(wishes: RunWishes, options: RunOptions): Promise<readonly Violation[]> {
  try {
    return (await runSimulation(planRun(wishes), options)).violations;
  } catch (cause) {
    return [{ checker: BROKEN_OFF, message: String(cause), operations: [], atMs: 0 }];
  }
}

class Search {
  smallest: Pick<Shrunk, "wishes" | "violations"> | undefined;
  readonly #checker: string;
  readonly #options: ShrinkOptions;
  readonly #budget: Budget;

  constructor(checker: string, options: ShrinkOptions) {
    this.#checker = checker;
    this.#options = options;
    this.#budget = { left: options.triesMax ?? TRIES_DEFAULT };
  }

  /** Whether such a run breaks the promise; if so it is the smallest so far. */
  async fails(wishes: RunWishes): Promise<boolean> {
    const violations = await violationsOf(wishes, this.#options);
    const isFailing = violations.some(({ checker }) => checker === this.#checker);
    if (isFailing) this.smallest = { wishes, violations };
    this.#options.onTry?.(this.#budget.left, this.smallest?.wishes ?? wishes);
    return isFailing;
  }

  /** Round after round, until one finds nothing to leave out. */
  async run(): Promise<void> {
    for (let before = ""; before !== this.#size() && this.#budget.left > 0; ) {
      before = this.#size();
      await this.#shorten();
      await this.#dropDeeds();
      await this.#lessen("clients", 6);
      await this.#dropFamilies();
      await this.#lessen("keysPerFamily", 6);
      await this.#dropNodes();
    }
  }

  /** If it fails all the same: for whoever reads it. */
  async roundTimes(): Promise<void> {
    const wishes = this.#present;
    for (const stepMs of TIME_STEPS_MS) {
      const rounded = (atMs: number): number => Math.round(atMs / stepMs) * stepMs;
      const script = wishes.script!.map(({ atMs, words }) => ({ atMs: rounded(atMs), words }));
      if (await this.fails({ ...wishes, script })) return;
    }
  }

  get #present(): RunWishes {
    return this.smallest!.wishes;
  }

  #size(): string {
    return JSON.stringify(this.#present);
  }

  async #shorten(): Promise<void> {
    const wishes = this.#present;
    const most = Math.ceil((wishes.faultsMs ?? 60_000) / SECOND_MS);
    const cut = (seconds: number): RunWishes => {
      const faultsMs = seconds * SECOND_MS;
      return { ...wishes, faultsMs, script: wishes.script!.filter(({ atMs }) => atMs < faultsMs) };
    };
    await leastNumber(1, most, (seconds) => this.fails(cut(seconds)), this.#budget);
  }

  async #dropDeeds(): Promise<void> {
    const wishes = this.#present;
    await fewestItems(wishes.script!, (script) => this.fails({ ...wishes, script }), this.#budget);
  }

  async #lessen(name: "clients" | "keysPerFamily", byDefault: number): Promise<void> {
    const wishes = this.#present;
    const fails = (count: number): Promise<boolean> => this.fails({ ...wishes, [name]: count });
    await leastNumber(1, wishes[name] ?? byDefault, fails, this.#budget);
  }

  async #dropFamilies(): Promise<void> {
    const wishes = this.#present;
    const families = Object.entries((wishes.mix ?? FULL_MIX).families) as [Family, number][];
    const fails = async (some: readonly [Family, number][]): Promise<boolean> =>
      some.length > 0 &&
      this.fails({ ...wishes, mix: { families: Object.fromEntries(some), otherLevelsOneIn: 0 } });
    await fewestItems(families, fails, this.#budget);
  }

  async #dropNodes(): Promise<void> {
    const wishes = this.#present;
    const fails = (nodes: number): Promise<boolean> =>
      this.fails({ ...wishes, nodes, script: scriptFor(nodes, wishes.script!) });
    await leastNumber(1, wishes.nodes ?? 5, fails, this.#budget);
  }
}

/** What is left of a script where there are only so many nodes. */
function scriptFor(nodes: number, script: readonly Deed[]): readonly Deed[] {
  const isGone = (word: string): boolean => /^n\d+$/.test(word) && Number(word.slice(1)) > nodes;
  return script.flatMap(({ atMs, words }) => {
    const bar = words.indexOf("|");
    if (bar === -1) return words.some(isGone) ? [] : [{ atMs, words }];
    const left = words.filter((word) => !isGone(word));
    const isOneSided = left[1] === "|" || left.at(-1) === "|";
    return isOneSided ? [] : [{ atMs, words: left }];
  });
}
