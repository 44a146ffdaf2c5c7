/**
 * Errors as they travel, and those that the way itself makes.
 *
 *   payload of an error frame:  outcome u8 (0 not applied, 1 unknown) | length u8 | code | message
 */
import { type ByteRange, toText, utf8 } from "../base/bytes.ts";
import { type ErrorCode, StoreError } from "../base/errors.ts";
import { ioError } from "../runtime/io-error.ts";
import type { PayloadWriter } from "./frame-writer.ts";
import type { PeerId } from "./peer-identity.ts";

const MESSAGE_BYTES_MAX = 1_024;
const UNKNOWN = 1;

export function writeFailure({ outcome, code, message }: StoreError, into: PayloadWriter): void {
  const name = utf8(code);
  into.uint8(outcome === "unknown" ? UNKNOWN : 0);
  into.uint8(name.length);
  into.bytes(name);
  into.bytes(utf8(message).subarray(0, MESSAGE_BYTES_MAX));
}

export function readFailure({ bytes, start, end }: ByteRange, from: PeerId): StoreError {
  const nameAt = start + 2;
  const nameEnd = nameAt + (bytes[start + 1] ?? 0);
  if (nameEnd > end)
    return new StoreError("CORRUPTION", "unknown", `node ${from} sent an error that is none`);
  // A newer node may know codes that this one does not; they pass through to whoever asked.
  const code = toText(bytes.subarray(nameAt, nameEnd)) as ErrorCode;
  const outcome = bytes[start] === UNKNOWN ? "unknown" : "not-applied";
  return new StoreError(code, outcome, toText(bytes.subarray(nameEnd, end)));
}

/** `code`, as in systemCode: what the operating system would call it. */
export function lossError(isSent: boolean, attempt: string, code: string, reason: string): StoreError {
  const cause = Object.assign(new Error(reason), { code });
  return ioError(isSent ? "unknown" : "not-applied", attempt, cause);
}
