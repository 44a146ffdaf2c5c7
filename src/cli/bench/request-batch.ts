/**
 * Requests on their way out, in one buffer. Hot: a batch is written over the one before, and where the same operation
 * stands in the same place only the digits of its key change.
 *
 *   key   "key:" and the record's number, filled up with zeros: "key:000000000042"; "num:" of what is counted
 *
 * Invariant: the first `#kept` operations of the buffer are those in `#kinds`, whatever was added since `clear`.
 */
import { utf8 } from "../../base/bytes.ts";
import { OPERATIONS } from "./workload.ts";

const KEY_PREFIX = "key:";
/** As long: counted are other keys than written. */
const NUMBER_PREFIX = "num:";
const ZERO = 0x30;
/** Even: digits are written in pairs. */
const DIGITS_MAX = 10;
const INT32_MAX = 2 ** 31 - 1;
/** Of 0 to 99: the first digit in the low byte, the second in the high one. */
const DIGIT_PAIRS = Uint16Array.from(
  { length: 100 },
  (_, number) => ZERO + Math.floor(number / 10) + 256 * (ZERO + (number % 10)),
);
export const KEY_BYTES_MIN = KEY_PREFIX.length + DIGITS_MAX;

/** In place of a kind: nothing that could stay there. */
const NO_SHAPE = -1;
const SCAN = OPERATIONS.indexOf("scan");
const START_BYTES = 4 * 1024;

interface Shape {
  readonly bytes: Uint8Array;
  /** Where the key ends in them; 0 if there is none. */
  readonly keyEnd: number;
}

export interface RequestSizes {
  /** At least KEY_BYTES_MIN. */
  readonly keyBytes: number;
  readonly valueBytes: number;
}

export class RequestBatch {
  bytes = new Uint8Array(START_BYTES);
  length = 0;
  #count = 0;
  #kept = 0;
  #kinds = new Int8Array(16);
  /** The last one: most batches are as long as those before. */
  #view = this.bytes;
  readonly #shapes: readonly (Shape | undefined)[];
  readonly #keyBytes: number;

  constructor({ keyBytes, valueBytes }: RequestSizes) {
    this.#keyBytes = keyBytes;
    const key = keyText(0, keyBytes);
    const value = valueText(valueBytes);
    const words: Readonly<Record<(typeof OPERATIONS)[number], readonly string[] | undefined>> = {
      read: ["GET", key],
      update: ["SET", key, value],
      insert: ["SET", key, value],
      scan: undefined,
      "read-modify-write": ["GET", key],
      increment: ["INCR", key.replace(KEY_PREFIX, NUMBER_PREFIX)],
      ping: ["PING"],
    };
    this.#shapes = OPERATIONS.map((operation) => shapeOf(words[operation], key));
  }

  get view(): Uint8Array {
    if (this.#view.length !== this.length || this.#view.buffer !== this.bytes.buffer)
      this.#view = this.bytes.subarray(0, this.length);
    return this.#view;
  }

  /** Begins the next batch in the same buffer. */
  clear(): void {
    this.length = 0;
    this.#count = 0;
  }

  /** Begins the next batch in another buffer: somebody else has this one. */
  abandon(): void {
    this.bytes = new Uint8Array(this.bytes.length);
    this.#kept = 0;
    this.clear();
  }

  /** `recordCount`: of a scan. */
  add(kind: number, record: number, recordCount: number): void {
    if (kind === SCAN) this.#addScan(record, recordCount);
    else this.#addShaped(kind, record);
  }

  #addShaped(kind: number, record: number): void {
    const shape = this.#shapes[kind]!;
    const at = this.#count++;
    const start = this.length;
    this.length = start + shape.bytes.length;
    if (at >= this.#kept || this.#kinds[at] !== kind) {
      this.#reserve(this.length, at);
      this.bytes.set(shape.bytes, start);
      this.#kinds[at] = kind;
      this.#kept = at + 1;
    }
    if (shape.keyEnd > 0) writeRecord(this.bytes, start + shape.keyEnd, record);
  }

  #addScan(record: number, count: number): void {
    const keys = Array.from({ length: count }, (_, i) => keyText(record + i, this.#keyBytes));
    const request = encode(["MGET", ...keys]);
    const at = this.#count++;
    this.#reserve(this.length + request.length, at);
    this.#kept = Math.min(this.#kept, at);
    this.#kinds[at] = NO_SHAPE;
    this.bytes.set(request, this.length);
    this.length += request.length;
  }

  #reserve(length: number, operations: number): void {
    if (operations >= this.#kinds.length) {
      const longer = new Int8Array(2 * (operations + 1));
      longer.set(this.#kinds);
      this.#kinds = longer;
    }
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(2 * length);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

/** Digits of `record` so that they end at `end`: two at a time, and by whole numbers where that is possible. */
function writeRecord(bytes: Uint8Array, end: number, record: number): void {
  let rest = record;
  let at = end;
  for (; rest > INT32_MAX; at -= 2) {
    const quotient = Math.floor(rest / 100);
    writePair(bytes, at, rest - 100 * quotient);
    rest = quotient;
  }
  for (const first = end - DIGITS_MAX; at > first; at -= 2) {
    const quotient = (rest / 100) | 0;
    writePair(bytes, at, rest - 100 * quotient);
    rest = quotient;
  }
}

function writePair(bytes: Uint8Array, end: number, number: number): void {
  const digits = DIGIT_PAIRS[number]!;
  bytes[end - 1] = digits >> 8;
  bytes[end - 2] = digits & 0xff;
}

function keyText(record: number, keyBytes: number): string {
  return KEY_PREFIX + String(record).padStart(keyBytes - KEY_PREFIX.length, "0");
}

/** Letters that pack to about half, as much that is stored does. */
function valueText(bytes: number): string {
  let text = "";
  for (let i = 0; text.length < bytes; i++) text += ((i * 2_654_435_761) % 2 ** 32).toString(36);
  return text.slice(0, bytes);
}

function shapeOf(words: readonly string[] | undefined, key: string): Shape | undefined {
  if (words === undefined) return undefined;
  if (words.length === 1) return { bytes: encode(words), keyEnd: 0 };
  return { bytes: encode(words), keyEnd: encode(words).length - encodedTail(words) + key.length };
}

/** Bytes from where the key begins. */
function encodedTail(words: readonly string[]): number {
  const [, ...fromKey] = words;
  const tail = encode(fromKey).length - `*${fromKey.length}\r\n`.length;
  return tail - `$${fromKey[0]!.length}\r\n`.length;
}

function encode(words: readonly string[]): Uint8Array {
  return utf8(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`);
}
