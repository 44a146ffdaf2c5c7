/**
 * One string key that is set, read, deleted and expires, as a sequential object.
 *
 * Time is no part of the state. That a value expires is a call of its own, `expire`, which whoever writes the calls
 * down adds to the history: it begins when the value may first be gone and ends when it must be. It takes away the
 * life it names, and does nothing if another value or expiry has replaced that.
 */
import type { SequentialModel } from "./call.ts";

/** Names one expiry of one value; NO_EXPIRY lives until it is replaced. */
export type Life = number;
export const NO_EXPIRY: Life = 0;

/** Answers are undefined where nobody knows them. */
export type RegisterInput =
  | { readonly kind: "get"; readonly answer: string | null }
  | { readonly kind: "exists"; readonly answer: boolean }
  | { readonly kind: "set"; readonly value: string; readonly life: Life }
  /** SET with NX or XX. */
  | {
      readonly kind: "set-if";
      readonly present: boolean;
      readonly value: string;
      readonly life: Life;
      readonly answer: boolean | undefined;
    }
  /** GETSET, and SET with GET. */
  | {
      readonly kind: "swap";
      readonly value: string;
      readonly life: Life;
      readonly answer: string | null | undefined;
    }
  | { readonly kind: "append"; readonly suffix: string; readonly length: number | undefined }
  | { readonly kind: "delete"; readonly answer: boolean | undefined }
  /** GETDEL. */
  | { readonly kind: "take"; readonly answer: string | null | undefined }
  /** EXPIRE and its kin: a new life for the value that is there. */
  | { readonly kind: "renew"; readonly life: Life; readonly answer: boolean | undefined }
  | { readonly kind: "persist"; readonly answer: boolean | undefined }
  | { readonly kind: "expire"; readonly life: Life };

export interface RegisterState {
  readonly value: string | null;
  readonly life: Life;
}

const ABSENT: RegisterState = { value: null, life: NO_EXPIRY };

export const registerModel: SequentialModel<RegisterState, RegisterInput> = {
  initial: ABSENT,
  step,
  keyOf: ({ value, life }) => (value === null ? "-" : `${life}=${value}`),
  isRead: (input) =>
    input.kind === "get" ||
    input.kind === "exists" ||
    ((input.kind === "set-if" || input.kind === "delete" || input.kind === "renew") &&
      input.answer === false) ||
    (input.kind === "persist" && input.answer === false) ||
    (input.kind === "take" && input.answer === null),
  kindOf: (input) => JSON.stringify(input),
};

function step(state: RegisterState, input: RegisterInput): RegisterState | undefined {
  const isPresent = state.value !== null;
  switch (input.kind) {
    case "get":
      return state.value === input.answer ? state : undefined;
    case "exists":
      return isPresent === input.answer ? state : undefined;
    case "set":
      return { value: input.value, life: input.life };
    case "set-if":
      return answered(input.answer, isPresent === input.present, () => input, state);
    case "swap":
      return fits(input.answer, state.value) ? { value: input.value, life: input.life } : undefined;
    case "append": {
      const value = (state.value ?? "") + input.suffix;
      return fits(input.length, value.length) ? { value, life: state.life } : undefined;
    }
    case "delete":
      return fits(input.answer, isPresent) ? ABSENT : undefined;
    case "take":
      return fits(input.answer, state.value) ? ABSENT : undefined;
    case "renew":
      return answered(input.answer, isPresent, () => ({ value: state.value, life: input.life }), state);
    case "persist": {
      const isMortal = isPresent && state.life !== NO_EXPIRY;
      return answered(input.answer, isMortal, () => ({ value: state.value, life: NO_EXPIRY }), state);
    }
    case "expire":
      return isPresent && state.life === input.life ? ABSENT : state;
  }
}

function fits<T>(answer: T | undefined, truth: T): boolean {
  return answer === undefined || answer === truth;
}

function answered(
  answer: boolean | undefined,
  truth: boolean,
  change: () => RegisterState,
  state: RegisterState,
): RegisterState | undefined {
  if (!fits(answer, truth)) return undefined;
  if (!truth) return state;
  const { value, life } = change();
  return { value, life };
}
