/**
 * What is whole in the bytes of a log file, and what the rest of it is: a tail that never got to the disk, or damage.
 * Pure.
 *
 * A batch says how much of the file was on the disk for sure when it was made. If some later batch vouches so for the
 * first bytes that are not whole, they are damaged; otherwise they are the tail of a write that a crash cut short,
 * of which a disk may well have kept a later part and lost an earlier one. Zeros to the end of the newest file are
 * neither: they were written ahead of batches that never came.
 */
import { crc32 } from "node:zlib";
import { BATCH_HEADER_BYTES, decodeSegmentHeader, SEGMENT_HEADER_BYTES } from "./log-format.ts";

/** The bytes of a file; `length` of them count. */
export interface LogBytes {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly length: number;
}

export interface Batch {
  readonly start: number;
  readonly end: number;
}

export interface LogWalk {
  /** In order. With damage, those after it too. */
  readonly batches: readonly Batch[];
  /** Where the whole batches from the start end; 0 if not even the header is whole. */
  readonly wholeBytes: number;
  readonly nextSequence: number;
  readonly verdict: LogVerdict;
}

/** "foreign": of a format version that this program does not know. */
export type LogVerdict =
  | { readonly kind: "whole" | "torn" }
  | { readonly kind: "damaged"; readonly what: string }
  | { readonly kind: "foreign"; readonly version: number };

/** How much is checksummed, in times of the file's length, in search of a stamp: bytes may look like batches on purpose. */
const SEARCH_EFFORT_MAX = 4;

/** Requires: `number` is that of the file's name. */
export function walkBatches(
  log: LogBytes,
  number: number,
  { isNewest }: { readonly isNewest: boolean },
): LogWalk {
  const header = decodeSegmentHeader(log.bytes.subarray(0, log.length));
  if (header.kind === "foreign") return foreign(header.version);
  if (header.kind === "damaged")
    return judge(log, { batches: [], wholeBytes: 0, stamp: findStamp(log), isNewest });
  if (header.number !== number) return misplaced(header.number);
  const batches: Batch[] = [];
  let start = SEGMENT_HEADER_BYTES;
  for (let end: number; start < log.length; start = end) {
    end = batchEnd(log, start, header.stamp);
    if (end === 0 || sequenceAt(log, start) !== batches.length) break;
    batches.push({ start, end });
  }
  return judge(log, { batches, wholeBytes: start, stamp: header.stamp, isNewest });
}

interface Findings {
  readonly batches: Batch[];
  readonly wholeBytes: number;
  readonly stamp: number | undefined;
  readonly isNewest: boolean;
}

function judge(log: LogBytes, { batches, wholeBytes, stamp, isNewest }: Findings): LogWalk {
  const nextSequence = batches.length;
  const walk = { batches, wholeBytes, nextSequence };
  const isOver = isNewest ? isZeroFrom(log, wholeBytes) : wholeBytes === log.length;
  if (isOver && wholeBytes > 0) return { ...walk, verdict: { kind: "whole" } };
  const later = stamp === undefined ? [] : laterBatches(log, wholeBytes, stamp);
  const isVouchedFor = later.some(({ start }) => durableAt(log, start) > wholeBytes);
  if (isNewest && !isVouchedFor) return { ...walk, verdict: { kind: "torn" } };
  const what = wholeBytes === 0 ? "the header is damaged" : "a batch is damaged";
  return { ...walk, batches: [...batches, ...later], verdict: { kind: "damaged", what } };
}

/** Requires: `from` is a multiple of 4. */
function isZeroFrom({ words, bytes, length }: LogBytes, from: number): boolean {
  let at = from;
  while (at + 4 <= length && words[at >>> 2] === 0) at += 4;
  while (at < length && bytes[at] === 0) at++;
  return at === length;
}

/** Batches that are whole somewhere after `from`. */
function laterBatches(log: LogBytes, from: number, stamp: number): Batch[] {
  const batches: Batch[] = [];
  let start = Math.max(from, SEGMENT_HEADER_BYTES);
  while (start + BATCH_HEADER_BYTES <= log.length) {
    const end = batchEnd(log, start, stamp);
    if (end !== 0) batches.push({ start, end });
    start = end === 0 ? start + 4 : end;
  }
  return batches;
}

/** Of a file without its header: the stamp of the first batch that is whole and vouches for that header. */
function findStamp(log: LogBytes): number | undefined {
  let effortBytes = SEARCH_EFFORT_MAX * log.length;
  for (let start = SEGMENT_HEADER_BYTES; start + BATCH_HEADER_BYTES <= log.length; start += 4) {
    const stamp = log.words[(start >>> 2) + 3]!;
    const end = plausibleEnd(log, start, stamp);
    if (end === 0 || durableAt(log, start) === 0) continue;
    if (isWhole(log, start, end)) return stamp;
    effortBytes -= end - start;
    if (effortBytes < 0) return undefined;
  }
  return undefined;
}

/** Where the batch at `start` ends; 0 if there is no whole one. */
function batchEnd(log: LogBytes, start: number, stamp: number): number {
  const end = plausibleEnd(log, start, stamp);
  return end !== 0 && isWhole(log, start, end) ? end : 0;
}

/** Where a batch would end that starts at `start`; 0 if none can. */
function plausibleEnd(log: LogBytes, start: number, stamp: number): number {
  if (start + BATCH_HEADER_BYTES > log.length) return 0;
  const word = start >>> 2;
  const length = log.words[word + 1]!;
  if (log.words[word + 3] !== stamp || length % 4 !== 0) return 0;
  if (length < BATCH_HEADER_BYTES || length > log.length - start) return 0;
  const durableBytes = durableAt(log, start);
  return durableBytes >= 0 && durableBytes <= start ? start + length : 0;
}

function isWhole({ bytes, words }: LogBytes, start: number, end: number): boolean {
  return crc32(bytes.subarray(start + 4, end)) === words[start >>> 2]! >>> 0;
}

function sequenceAt({ words }: LogBytes, start: number): number {
  return words[(start >>> 2) + 2]!;
}

function durableAt({ words }: LogBytes, start: number): number {
  return words[(start >>> 2) + 4]!;
}

function foreign(version: number): LogWalk {
  return { batches: [], wholeBytes: 0, nextSequence: 0, verdict: { kind: "foreign", version } };
}

function misplaced(number: number): LogWalk {
  const what = `this is the file of segment ${number}`;
  return { batches: [], wholeBytes: 0, nextSequence: 0, verdict: { kind: "damaged", what } };
}
