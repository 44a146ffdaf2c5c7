/**
 * Makes writes of unknown outcome alike whose values no answer shows: which of them took effect makes no difference,
 * and a search need not try them one by one.
 */
import type { Call } from "./call.ts";
import type { RegisterInput } from "./register-model.ts";

const UNSEEN = "(unseen)";

/** Requires: no APPEND among the calls, since its answers show values in part. */
export function forgetUnseenValues(calls: readonly Call<RegisterInput>[]): readonly Call<RegisterInput>[] {
  const seen = new Set<string>();
  for (const { input } of calls) {
    if ("answer" in input && typeof input.answer === "string") seen.add(input.answer);
  }
  return calls.map((call) => {
    const { input, endedAtMs } = call;
    if (endedAtMs !== Infinity || !("value" in input) || seen.has(input.value)) return call;
    return { ...call, input: { ...input, value: UNSEEN } };
  });
}
