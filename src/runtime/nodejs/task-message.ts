/** What passes between the main thread and a worker. A StoreError would lose its fields on the way. */
import { type ErrorCode, type Outcome, StoreError } from "../../base/errors.ts";

export interface TaskOrder {
  readonly moduleUrl: string;
  readonly input: unknown;
}

/** The first thing that a worker says: where Linux tells how long its thread was on a processor. */
export interface TaskThreadBegun {
  readonly kind: "begun";
  readonly clockPath: string | undefined;
}

export type TaskAnswer = { readonly kind: "output"; readonly output: unknown } | TaskFailure;

export type TaskFailure =
  | {
      readonly kind: "store-error";
      readonly code: ErrorCode;
      readonly outcome: Outcome;
      readonly message: string;
      readonly cause: unknown;
      /** Of a system error, such as "ENOSPC": copies of errors lose it. */
      readonly systemCode: string | undefined;
    }
  | { readonly kind: "bug"; readonly cause: unknown };

export function encodeFailure(cause: unknown): TaskFailure {
  if (!(cause instanceof StoreError)) return { kind: "bug", cause };
  const { code, outcome, message } = cause;
  return {
    kind: "store-error",
    code,
    outcome,
    message,
    cause: cause.cause,
    systemCode: systemCodeOf(cause.cause),
  };
}

export function decodeFailure(failure: TaskFailure): unknown {
  if (failure.kind === "bug") return failure.cause;
  const { code, outcome, message, cause, systemCode } = failure;
  if (cause instanceof Error && systemCode !== undefined) Object.assign(cause, { code: systemCode });
  return new StoreError(code, outcome, message, { cause });
}

function systemCodeOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
}
