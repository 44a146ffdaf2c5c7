/**
 * What a node tells of itself to another whose reader wants to know: beyond what gossip carries, and only when it is asked.
 * DO NOT CHANGE: another layout gets another version. Fields that are not known are passed over.
 *
 *   request   version u8
 *   answer    version u8 | JSON rest
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";

export const REPORT_METHOD = 97;

const VERSION = 1;

export interface NodeReport {
  /** Null if it has no admin door. */
  readonly adminPort: number | null;
  /** Of keys, values and clients. */
  readonly usedMemory: number;
  /** Null if it keeps its rows in memory. */
  readonly diskBytes: number | null;
  readonly opsPerSecond: number;
}

export function encodeReportRequest(): Uint8Array {
  return Uint8Array.of(VERSION);
}

/** Throws StoreError INVALID_REQUEST. */
export function checkReportRequest({ bytes, start, end }: ByteRange): void {
  if (end - start < 1 || bytes[start] !== VERSION) throw unreadable();
}

export function encodeReport({ adminPort, usedMemory, diskBytes, opsPerSecond }: NodeReport): Uint8Array {
  const text = JSON.stringify({ adminPort, usedMemory, diskBytes, opsPerSecond });
  return Buffer.concat([Uint8Array.of(VERSION), Buffer.from(text)]);
}

/** Throws StoreError INVALID_REQUEST. */
export function decodeReport(bytes: Uint8Array): NodeReport {
  if (bytes[0] !== VERSION) throw unreadable();
  let told: Partial<Record<keyof NodeReport, unknown>> | null;
  try {
    told = JSON.parse(Buffer.from(bytes.subarray(1)).toString());
  } catch {
    throw unreadable();
  }
  const { adminPort, usedMemory, diskBytes, opsPerSecond } = told ?? {};
  if (!isNumberOrNull(adminPort) || !isNumberOrNull(diskBytes)) throw unreadable();
  if (typeof usedMemory !== "number" || typeof opsPerSecond !== "number") throw unreadable();
  return { adminPort, usedMemory, diskBytes, opsPerSecond };
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}

function unreadable(): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", "a node's report that cannot be read");
}
