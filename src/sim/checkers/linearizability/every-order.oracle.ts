/** Linearizability by trying every order of every choice of unknown calls. For tests, of a handful of calls. */
import type { Call, SequentialModel } from "./call.ts";

export function isLinearizableByBruteForce<State, Input>(
  calls: readonly Call<Input>[],
  model: SequentialModel<State, Input>,
): boolean {
  return search(calls, new Set(calls.keys()), model.initial, model);
}

function search<State, Input>(
  calls: readonly Call<Input>[],
  open: ReadonlySet<number>,
  state: State,
  model: SequentialModel<State, Input>,
): boolean {
  if ([...open].every((i) => calls[i]!.endedAtMs === Infinity)) return true;
  for (const index of open) {
    if ([...open].some((other) => comesBefore(calls, other, index))) continue;
    const after = model.step(state, calls[index]!.input);
    if (after === undefined) continue;
    const left = new Set(open);
    left.delete(index);
    if (search(calls, left, after, model)) return true;
  }
  return false;
}

function comesBefore<Input>(calls: readonly Call<Input>[], a: number, b: number): boolean {
  const [first, second] = [calls[a]!, calls[b]!];
  if (first.endedAtMs === Infinity) return false;
  if (first.endedAtMs < second.invokedAtMs) return true;
  return a < b && first.client === second.client && second.endedAtMs !== Infinity;
}
