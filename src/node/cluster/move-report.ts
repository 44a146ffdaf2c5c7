/**
 * How far a node is with the move under way, as it tells whoever carries the move through.
 *
 *   version u8 (2) | epoch u48 | since u48 | filled u8 | permille u32 | missed | unseen | slots u32 | done u32 | rows u48 | bytes u48
 *   names: count u32, one name each
 *
 * `epoch` is that of the plan it goes by; `since` names the move, 0 if it knows of none. Version 1 ends after `missed`.
 */

import { malformedMessage, WireReader, WireWriter } from "../../replication/wire-bytes.ts";
import type { NodeId } from "../../ring/ring-member.ts";

export interface MoveReport {
  readonly epoch: number;
  readonly since: number;
  /** True if it has all that it gains by the move. */
  readonly isFilled: boolean;
  /** Of what it gains: the part it has. */
  readonly permille: number;
  readonly missed: readonly NodeId[];
  /** Members that it does not see up, or has no connection to. */
  readonly unseen: readonly NodeId[];
  /** Slots that it gains, and those of them that it has. */
  readonly slots: number;
  readonly slotsDone: number;
  /** Fetched for it since the node was started: both ways, with all that was asked and compared. */
  readonly rows: number;
  readonly bytes: number;
}

const VERSION = 2;

export function encodeMoveReport(report: MoveReport): Uint8Array {
  const { epoch, since, isFilled, permille, missed, unseen, slots, slotsDone, rows, bytes } = report;
  const writer = new WireWriter().uint8(VERSION).uint48(epoch).uint48(since);
  writer.uint8(isFilled ? 1 : 0).uint32(permille);
  writeNames(writer, missed);
  writeNames(writer, unseen);
  writer.uint32(slots).uint32(slotsDone).uint48(rows).uint48(bytes);
  return writer.finish();
}

/** Throws StoreError INVALID_REQUEST. */
export function decodeMoveReport(bytes: Uint8Array): MoveReport {
  const reader = new WireReader(bytes);
  const version = reader.uint8();
  if (version < 1 || version > VERSION) throw malformedMessage(`version ${version}`);
  const first = {
    epoch: reader.uint48(),
    since: reader.uint48(),
    isFilled: reader.uint8() === 1,
    permille: reader.uint32(),
    missed: readNames(reader),
  };
  const report = { ...first, ...(version === 1 ? NOTHING_MORE : readRest(reader)) };
  reader.end();
  return report;
}

const NOTHING_MORE: Pick<MoveReport, "unseen" | "slots" | "slotsDone" | "rows" | "bytes"> = {
  unseen: [],
  slots: 0,
  slotsDone: 0,
  rows: 0,
  bytes: 0,
};

function readRest(reader: WireReader): typeof NOTHING_MORE {
  const unseen = readNames(reader);
  const slots = reader.uint32();
  const slotsDone = reader.uint32();
  return { unseen, slots, slotsDone, rows: reader.uint48(), bytes: reader.uint48() };
}

function writeNames(writer: WireWriter, names: readonly NodeId[]): void {
  writer.uint32(names.length);
  for (const name of names) writer.name(name);
}

function readNames(reader: WireReader): readonly NodeId[] {
  const names: NodeId[] = [];
  for (let left = reader.uint32(); left > 0; left--) names.push(reader.name());
  return names;
}
