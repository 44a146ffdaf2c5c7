/**
 * What a step sees of a key, read from the cell's bytes: of a compact cell or a counter without decoding it, unless the
 * step wants to see all of the cell.
 */
import { type Cell, NEVER } from "../causality/cell.ts";
import { decodeCell } from "../causality/cell-codec.ts";
import { compactExpiresAtMs, compactPayloadStart, isCompact } from "../causality/compact-cell.ts";
import type { CounterCell } from "../causality/counter-cell.ts";
import { type KeyView, viewOf } from "./step.ts";

export const ABSENT_VIEW: KeyView = { value: undefined, expiresAtMs: NEVER, cell: undefined };

export class EncodedView implements KeyView {
  readonly value: Uint8Array | undefined;
  readonly expiresAtMs: number;
  readonly hasSmallSums: boolean;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #cell: Cell | undefined;

  /** Requires: `bytes[start, end)` is a cell, and stays so for as long as this is used. `counter` is free for use. */
  constructor(bytes: Uint8Array, start: number, end: number, wallMs: number, counter: CounterCell) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    if (isCompact(bytes, start, end)) {
      const expiresAtMs = compactExpiresAtMs(bytes, start);
      const isLive = expiresAtMs === NEVER || expiresAtMs > wallMs;
      const from = compactPayloadStart(bytes, start);
      this.expiresAtMs = isLive ? expiresAtMs : NEVER;
      this.hasSmallSums = true;
      this.value = isLive ? new Uint8Array(bytes.buffer, bytes.byteOffset + from, end - from) : undefined;
    } else if (counter.read(bytes, start, end)) {
      const isLive = !counter.isExpired(wallMs);
      this.expiresAtMs = isLive ? counter.expiresAtMs : NEVER;
      this.hasSmallSums = true;
      this.value = isLive ? digitsOf(counter.value) : undefined;
    } else {
      const { value, expiresAtMs } = viewOf(this.cell, wallMs);
      this.hasSmallSums = false;
      this.value = value;
      this.expiresAtMs = expiresAtMs;
    }
  }

  get cell(): Cell {
    this.#cell ??= decodeCell(this.#bytes, this.#start, this.#end);
    return this.#cell;
  }
}

function digitsOf(value: number): Uint8Array {
  const text = String(value);
  const digits = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) digits[i] = text.charCodeAt(i);
  return digits;
}
