/**
 * Is there one order of these calls that explains every answer, and in which no call comes before one that had ended
 * before it began?
 * Source: Wing & Gong 1993, "Testing and Verifying Concurrent Objects": choose a first call, step the model, go on, and
 * go back when stuck. Lowe 2017, "Testing for Linearizability", section 3.1: a set of calls and a state that once led
 * nowhere is remembered and never tried again.
 *
 *   client 0   |--- SET a ---|         |-- GET -> a --|
 *   client 1        |------ SET b ------|                      SET b, SET a, GET
 *   client 2             |-- GET -> b --|                      no: it is SET b, GET, SET a, GET
 *
 * Three more cuts, none of which loses an order. A read that fits is taken at once, since it changes nothing for the
 * others. Of unknown calls that do the same, the one that began first is used first. And an unknown call is used only
 * where the next call notices it: otherwise the same order without it would do.
 */
import type { Call, SequentialModel } from "./call.ts";
import { DeadEnds } from "./dead-ends.ts";
import { Progress } from "./search-progress.ts";

export type LinearizationVerdict =
  | {
      readonly kind: "linearizable";
      /** Indices of the calls in an order that explains all; unknown ones that never took effect are not in it. */
      readonly order: readonly number[];
    }
  | {
      readonly kind: "violated";
      /** Index of the first call in time that no order gets past. */
      readonly stuckAt: number;
      /** Indices of the calls that were open together with it, itself among them. */
      readonly around: readonly number[];
    }
  | { readonly kind: "undecided"; readonly triedCount: number };

export interface SearchOptions {
  /** Sets of calls and states after which the search gives up as undecided. */
  readonly triesMax?: number;
}

const TRIES_MAX = 300_000;

interface Choice<State> {
  /** Of the call that was made here, once one is. */
  made: number;
  readonly before: State;
  /** If the last call made is of unknown outcome: the state before that. */
  readonly beforeUnknown: State | undefined;
  readonly candidates: readonly number[];
  next: number;
}

/** Requires: `calls` are sorted by `invokedAtMs`. */
export function linearize<State, Input>(
  calls: readonly Call<Input>[],
  model: SequentialModel<State, Input>,
  { triesMax = TRIES_MAX }: SearchOptions = {},
): LinearizationVerdict {
  const progress = new Progress(calls, model);
  const tried = new DeadEnds();
  let state = model.initial;
  let furthest = progress.firstOpen;
  const choices: Choice<State>[] = [choiceAt(progress, calls, model, state, undefined)];
  while (!progress.isDone) {
    const choice = choices.at(-1)!;
    const found = nextStep(choice, calls, model, (index, after) => {
      progress.make(index);
      const isNew = tried.isNew(`${progress.key()}/${model.keyOf(after)}`, progress.used);
      if (!isNew) progress.unmake(index);
      return isNew;
    });
    if (found !== undefined) {
      state = found;
      furthest = Math.max(furthest, progress.firstOpen);
      if (tried.count > triesMax) return { kind: "undecided", triedCount: tried.count };
      const isUnknown = calls[choice.made]!.endedAtMs === Infinity;
      choices.push(choiceAt(progress, calls, model, state, isUnknown ? choice.before : undefined));
    } else {
      choices.pop();
      const previous = choices.at(-1);
      if (previous === undefined) return violatedAt(furthest, calls);
      progress.unmake(previous.made);
    }
  }
  return { kind: "linearizable", order: choices.slice(0, -1).map(({ made }) => made) };
}

/** The state after the next candidate that fits and is `taken`; undefined if none is left. */
function nextStep<State, Input>(
  choice: Choice<State>,
  calls: readonly Call<Input>[],
  model: SequentialModel<State, Input>,
  taken: (index: number, after: State) => boolean,
): State | undefined {
  while (choice.next < choice.candidates.length) {
    const index = choice.candidates[choice.next++]!;
    const after = model.step(choice.before, calls[index]!.input);
    if (after === undefined || !isUnknownNoticed(choice, calls[index]!.input, after, model)) continue;
    if (!taken(index, after)) continue;
    choice.made = index;
    return after;
  }
  return undefined;
}

function isUnknownNoticed<State, Input>(
  { beforeUnknown }: Choice<State>,
  input: Input,
  after: State,
  model: SequentialModel<State, Input>,
): boolean {
  if (beforeUnknown === undefined) return true;
  const without = model.step(beforeUnknown, input);
  return without === undefined || model.keyOf(without) !== model.keyOf(after);
}

function choiceAt<State, Input>(
  progress: Progress<Input>,
  calls: readonly Call<Input>[],
  model: SequentialModel<State, Input>,
  state: State,
  beforeUnknown: State | undefined,
): Choice<State> {
  const candidates = progress.candidates();
  const read = candidates.find((index) => {
    const { input, endedAtMs } = calls[index]!;
    return endedAtMs !== Infinity && model.isRead(input) && model.step(state, input) !== undefined;
  });
  return {
    made: -1,
    before: state,
    beforeUnknown,
    candidates: read === undefined ? candidates : [read],
    next: 0,
  };
}

function violatedAt<Input>(stuckAt: number, calls: readonly Call<Input>[]): LinearizationVerdict {
  const stuck = calls[stuckAt]!;
  const around = [...calls.keys()].filter(
    (i) => calls[i]!.invokedAtMs <= stuck.endedAtMs && calls[i]!.endedAtMs >= stuck.invokedAtMs,
  );
  return { kind: "violated", stuckAt, around };
}
