/**
 * How far a node is with the move under way, as it tells whoever carries the move through.
 *
 *   version u8 (2) | epoch u48 | since u48 | filled u8 | permille u32 | missed | unseen
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
}

const VERSION = 2;

export function encodeMoveReport(report: MoveReport): Uint8Array {
  const { epoch, since, isFilled, permille, missed, unseen } = report;
  const writer = new WireWriter().uint8(VERSION).uint48(epoch).uint48(since);
  writer.uint8(isFilled ? 1 : 0).uint32(permille);
  writeNames(writer, missed);
  writeNames(writer, unseen);
  return writer.finish();
}

/** Throws StoreError INVALID_REQUEST. */
export function decodeMoveReport(bytes: Uint8Array): MoveReport {
  const reader = new WireReader(bytes);
  const version = reader.uint8();
  if (version < 1 || version > VERSION) throw malformedMessage(`version ${version}`);
  const report = {
    epoch: reader.uint48(),
    since: reader.uint48(),
    isFilled: reader.uint8() === 1,
    permille: reader.uint32(),
    missed: readNames(reader),
    unseen: version === 1 ? [] : readNames(reader),
  };
  reader.end();
  return report;
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
