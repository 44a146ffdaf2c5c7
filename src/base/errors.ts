/**
 * Operating errors: what can go wrong in a correct program.
 * Codes are public API and never change meaning; messages may change at any time.
 */
export type ErrorCode =
  | "INVALID_REQUEST"
  | "INVALID_SETTING"
  | "OUT_OF_MEMORY"
  | "OVERLOADED"
  | "CORRUPTION"
  | "IO"
  | "CLOCK_SKEW"
  | "TOO_MANY_SIBLINGS"
  | "QUORUM_UNAVAILABLE"
  | "QUORUM_TIMEOUT"
  | "STALE_PLAN"
  | "CLOSED";

/** May the failed request still take effect? The caller's retry depends on it. */
export type Outcome = "not-applied" | "unknown";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: ErrorCode;
  readonly outcome: Outcome;

  constructor(code: ErrorCode, outcome: Outcome, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.outcome = outcome;
  }
}
