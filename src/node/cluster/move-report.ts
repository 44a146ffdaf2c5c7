/**
 * How far a node is with the move under way, as it tells whoever carries the move through.
 *
 *   version u8 (1) | epoch u48 | since u48 | filled u8 | permille u32 | missed: one name each
 *
 * `epoch` is that of the plan it goes by; `since` names the move, 0 if it knows of none.
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
}

const VERSION = 1;

export function encodeMoveReport({ epoch, since, isFilled, permille, missed }: MoveReport): Uint8Array {
  const writer = new WireWriter().uint8(VERSION).uint48(epoch).uint48(since);
  writer
    .uint8(isFilled ? 1 : 0)
    .uint32(permille)
    .uint32(missed.length);
  for (const id of missed) writer.name(id);
  return writer.finish();
}

/** Throws StoreError INVALID_REQUEST. */
export function decodeMoveReport(bytes: Uint8Array): MoveReport {
  const reader = new WireReader(bytes);
  const version = reader.uint8();
  if (version !== VERSION) throw malformedMessage(`version ${version}`);
  const epoch = reader.uint48();
  const since = reader.uint48();
  const isFilled = reader.uint8() === 1;
  const permille = reader.uint32();
  const count = reader.uint32();
  const missed: NodeId[] = [];
  for (let i = 0; i < count; i++) missed.push(reader.name());
  reader.end();
  return { epoch, since, isFilled, permille, missed };
}
