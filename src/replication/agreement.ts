/** Whether the answers of a read's replicas say the same. */
import { equalBytes } from "../base/bytes.ts";
import { cellDigest } from "../causality/cell-digest.ts";
import { mergeCells } from "../causality/encoded-cell.ts";
import type { RowAnswers } from "./read-round.ts";
import type { RowAnswer } from "./replica-calls.ts";

/** The answer that tells the cell, if all are equal. */
export function agreed(answers: RowAnswers): RowAnswer | undefined {
  let told: RowAnswer | undefined;
  for (const answer of answers.values()) if (answer.row !== undefined) told ??= answer;
  if (told === undefined) return undefined;
  for (const { digest } of answers.values()) if (!equalBytes(digest, told.digest)) return undefined;
  return told;
}

/** True if the answer has seen whatever these tell. */
export function addsNothing(hints: readonly Uint8Array[], { row, digest }: RowAnswer): boolean {
  if (hints.length === 0) return true;
  const cells = row?.cell === undefined ? hints : [row.cell, ...hints];
  return equalBytes(cellDigest(cells.reduce(mergeCells)), digest);
}
