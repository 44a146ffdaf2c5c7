/** How a failing disk or network is told: StoreError `IO` with the system's error as its cause. */
import { type Outcome, StoreError } from "../base/errors.ts";

/** `attempt` says what failed and on what: "cannot append to /data/log". */
export function ioError(outcome: Outcome, attempt: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("IO", outcome, `${attempt}: ${reason}`, { cause });
}

/** The system's name for an error ("ENOENT"), be it the error itself or the cause of a StoreError. */
export function systemCode(error: unknown): string | undefined {
  const source = error instanceof StoreError ? error.cause : error;
  const code = source instanceof Error && "code" in source ? source.code : undefined;
  return typeof code === "string" ? code : undefined;
}
