/**
 * What a linearizability check is given: calls on one object, with when they began and ended, and a model that says
 * what the object may answer.
 *
 * A call must seem to take effect at one moment between its begin and its end. One whose outcome nobody knows may do
 * so at any time after its begin, or never.
 */

export interface Call<Input> {
  /** What was asked, and what was answered, in the model's own words. */
  readonly input: Input;
  /** A client's completed calls take effect in the order of the list, also where their times are equal. */
  readonly client: number;
  readonly invokedAtMs: number;
  /** Infinity if the outcome is unknown. Calls that surely had no effect are left out by the caller. */
  readonly endedAtMs: number;
}

/** One object that does one thing at a time. Pure; states are immutable. */
export interface SequentialModel<State, Input> {
  readonly initial: State;
  /** The state after the call, or undefined if that call cannot have got its answer in this state. */
  step(state: State, input: Input): State | undefined;
  /** Equal for states that nothing tells apart. */
  keyOf(state: State): string;
  /** True if the call leaves every state as it is: such a call is put as early as it fits, and never reconsidered. */
  isRead(input: Input): boolean;
  /** Unknown calls of equal kinds do the same to every state: only the earliest unused one is tried. */
  kindOf(input: Input): string;
}
