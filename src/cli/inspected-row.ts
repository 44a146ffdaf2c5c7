/** A row of a file, as `kvorum inspect --rows` shows it. */
import { decodeCell } from "../causality/cell-codec.ts";
import { databaseOfRow, keyRange, slotOfRow } from "../storage/row-key.ts";

export interface InspectedRow {
  readonly file: string;
  readonly slot: number;
  readonly database: number;
  readonly key: string;
  readonly cellBytes: number;
  readonly holds: string;
}

/** Requires: a row key as src/storage/row-key.ts draws it. An empty cell is a forgotten row. */
export function describeRow(file: string, rowKey: Uint8Array, cell: Uint8Array): InspectedRow {
  const { start, end } = keyRange(rowKey, 0);
  return {
    file,
    slot: slotOfRow(rowKey, 0),
    database: databaseOfRow(rowKey, 0),
    key: printable(rowKey.subarray(start, end)),
    cellBytes: cell.length,
    holds: holdsOf(cell),
  };
}

export function rowLine({ file, slot, database, key, cellBytes, holds }: InspectedRow): string {
  return `${file}  slot ${slot}  db ${database}  "${key}"  ${cellBytes} bytes  ${holds}\n`;
}

function holdsOf(cell: Uint8Array): string {
  if (cell.length === 0) return "forgotten";
  try {
    const { siblings } = decodeCell(cell, 0, cell.length);
    if (siblings.length === 0) return "deleted";
    const expiries = siblings.map(({ expiresAtMs }) => expiresAtMs).filter((expiresAtMs) => expiresAtMs > 0);
    const expiry =
      expiries.length === 0 ? "" : `, expires at ${new Date(Math.max(...expiries)).toISOString()}`;
    return `${siblings.length === 1 ? "1 value" : `${siblings.length} siblings`}${expiry}`;
  } catch {
    return "no cell that this program knows"; // the bytes are whole: their meaning is another program's
  }
}

/** ASCII as it is, the rest as in a string literal. */
function printable(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}
