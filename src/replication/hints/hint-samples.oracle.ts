/** Cells to keep as hints. For tests only. */
import { toText, utf8 } from "../../base/bytes.ts";
import { decodeCell, encodeCell } from "../../causality/cell-codec.ts";
import { resolveAll } from "../../causality/cell-value.ts";
import { overwrite } from "../../causality/cell-write.ts";

/** A cell of one value, which the actor has written having seen nothing. */
export function cellOf(text: string, actor = 1, counter = 1): Uint8Array {
  const stamp = { dot: { actor: BigInt(actor), counter }, hlc: { wallMs: 1, logical: 0 } };
  const sibling = { kind: "value", ...stamp, expiresAtMs: 0, payload: utf8(text) } as const;
  return encodeCell(overwrite(undefined, sibling));
}

export function textsIn(cell: Uint8Array): string[] {
  return resolveAll(decodeCell(cell), 0).map(({ payload }) => toText(payload));
}
