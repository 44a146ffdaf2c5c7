/**
 * Finds the hints that an earlier life has left. A file's torn tail is not looked at any more; damage before it costs
 * the hints that it hits. A file that cannot even tell whom it is for is set aside.
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { KeyRef } from "../step.ts";
import { decodeHintHeader, findHint } from "./hint-format.ts";
import { type HintDisk, HintSegment, hintFileName, hintFileNumberOf } from "./hint-segment.ts";

export interface HintRecoveryParts {
  readonly disk: HintDisk;
  readonly directory: string;
  readonly logger: Logger;
  hashOf(ref: KeyRef): number;
}

export interface RecoveredHints {
  /** Oldest first. */
  readonly segments: readonly HintSegment[];
  readonly nextNumber: number;
}

/** Rejects with StoreError IO, or CORRUPTION if a newer version has written there. */
export async function recoverHints(parts: HintRecoveryParts): Promise<RecoveredHints> {
  const { disk, directory } = parts;
  const names = await disk.list(directory);
  const numbers = names.map(hintFileNumberOf).filter((number) => number !== undefined);
  const segments: HintSegment[] = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const segment = await recoverSegment(parts, number);
    if (segment !== undefined) segments.push(segment);
  }
  return { segments, nextNumber: (numbers.at(-1) ?? 0) + 1 };
}

async function recoverSegment(parts: HintRecoveryParts, number: number): Promise<HintSegment | undefined> {
  const { disk, directory, logger } = parts;
  const path = `${directory}/${hintFileName(number)}`;
  const bytes = await wholeFile(disk, path);
  const read = decodeHintHeader(bytes);
  if (read.kind === "foreign") throw foreign(path, read.version);
  if (read.kind === "damaged" || read.header.number !== number) {
    logger.warn({ path }, "a file of hints does not tell whom they are for: set aside");
    await disk.rename(path, `${path}.damaged`);
    return undefined;
  }
  const { header, lengthBytes } = read;
  const segment = new HintSegment({ disk, directory }, header, lengthBytes);
  let lostBytes = 0;
  for (let at = lengthBytes; ; ) {
    const found = findHint(bytes, at, header.stamp);
    if (found === undefined) break;
    lostBytes += found.start - at;
    segment.note(parts.hashOf(found.hint.ref), found.hint.addedMs, found.start);
    segment.sizeBytes = found.end;
    at = found.end;
  }
  if (lostBytes > 0) logger.warn({ path, lostBytes }, "a file of hints is damaged: some are lost");
  if (segment.count > 0) return segment;
  await segment.remove();
  return undefined;
}

async function wholeFile(disk: HintDisk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false });
  try {
    return await file.read(0, await file.sizeBytes());
  } finally {
    await file.close();
  }
}

function foreign(path: string, version: number): StoreError {
  const text = `${path}: written by a newer version of Kvorum: this one does not know its format ${version}`;
  return new StoreError("CORRUPTION", "not-applied", text);
}
