/**
 * Writes replies in either version of the protocol, one after the other, into one buffer that is reused for ever.
 * Source: RESP specification; what RESP2 lacks is written as Redis 7 writes it to a RESP2 client.
 *
 *   reply          RESP3             RESP2
 *   null           _                 $-1, a null array *-1
 *   map of n       %n                *2n
 *   set, push      ~n, >n            *n
 *   double         ,1.5              bulk string
 *   big number     (123...           bulk string
 *   boolean        #t #f             :1 :0
 *   verbatim       =15 txt:...       bulk string
 *   blob error     !21 ...           simple error
 *   attribute      |n                left out
 *
 * Hot: one or two calls per request; watched by bench/resp.ts.
 */
import { assert } from "../base/assert.ts";
import { utf8 } from "../base/bytes.ts";
import { copyWords, KeptViews } from "../base/kept-views.ts";
import { doubleText } from "./double-text.ts";
import {
  ARRAY,
  ATTRIBUTE,
  BIG_NUMBER,
  BLOB_ERROR,
  BULK,
  DOUBLE,
  ERROR,
  INTEGER,
  MAP,
  PUSH,
  SET,
  SIMPLE,
  VERBATIM,
} from "./reply-type.ts";

const INITIAL_BYTES = 64 * 1024;
/** A larger buffer is let go by the next `reset`. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** Type, 20 digits, CRLF, and the CRLF after a payload. */
const FRAME_BYTES_MAX = 32;
/** Up to here words, copied by views that exist already, beat `set`. */
const WORDS_BYTES_MAX = 256;
/** Up to here a loop beats `set`, which costs a view of the source. Measured: bench/resp.ts. */
const LOOP_BYTES_MAX = 48;

const CR = 0x0d;
const LF = 0x0a;
const BLANK = 0x20;
const MINUS = 0x2d;
const DIGIT_ZERO = 0x30;
const ASCII_MAX = 0x7f;
const BYTE_MAX = 0xff;

const OK = utf8("+OK\r\n");
const NULL_3 = utf8("_\r\n");
const NULL_BULK_2 = utf8("$-1\r\n");
const NULL_ARRAY_2 = utf8("*-1\r\n");
const TRUE = utf8("#t\r\n");
const FALSE = utf8("#f\r\n");

/** Thrown by whatever would bring the bytes written past `bytesMax`; part of a reply is left then. */
export class ReplyTooLarge extends Error {
  override readonly name = "ReplyTooLarge";
}

export class ReplyWriter {
  /** What was written is `bytes[0, length)`. */
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  length = 0;
  /** What the client has asked for with HELLO. Set it before each client's replies. */
  protocol: 2 | 3 = 2;
  #bytesMax = Number.MAX_SAFE_INTEGER;
  #room = INITIAL_BYTES; // the lesser of the buffer's length and #bytesMax
  #view = new DataView(this.bytes.buffer);
  readonly #sources = new KeptViews();

  /** Bytes that may be written before `reset` or the like. */
  set bytesMax(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#use(this.bytes);
  }

  /** Memory that the writer holds. */
  get capacityBytes(): number {
    return this.bytes.length;
  }

  /** What was written, in place: valid until the next call. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.#use(new Uint8Array(INITIAL_BYTES));
  }

  /** What was written, as the caller's own, and starts anew. Copies if that is a small part of the buffer. */
  take(): Uint8Array {
    const isSmall = this.length <= this.bytes.length / 4;
    const taken = isSmall ? this.bytes.slice(0, this.length) : this.view();
    if (isSmall) this.length = 0;
    else this.abandon();
    return taken;
  }

  /** Leaves the buffer to whoever still reads what was written, and starts anew. */
  abandon(): void {
    this.#use(new Uint8Array(INITIAL_BYTES));
    this.length = 0;
  }

  /** Takes back what was written since `length` was `mark`, such as part of a reply too large. */
  truncate(mark: number): void {
    assert(mark <= this.length, "nothing was written there");
    this.length = mark;
  }

  ok(): void {
    this.raw(OK);
  }

  /** A simple string. Line ends in `text` become blanks. */
  simple(text: string): void {
    this.#line(SIMPLE, text);
  }

  /**
   * `text` begins with its code: "ERR no such key". Line ends in it become blanks. A character up to U+00FF is one
   * byte (Latin-1), so that an error can repeat any bytes of a request as they were.
   */
  error(text: string): void {
    this.#line(ERROR, text, BYTE_MAX);
  }

  /** Requires: a safe integer, or a bigint of 64 bits. */
  integer(value: number | bigint): void {
    if (typeof value === "bigint") {
      this.#line(INTEGER, value.toString());
      return;
    }
    assert(Number.isSafeInteger(value), "an integer reply must be a whole number");
    this.#header(INTEGER, value);
  }

  bulk(payload: Uint8Array): void {
    this.bulkRange(payload, 0, payload.length);
  }

  /** A bulk string of `source[start, end)`. */
  bulkRange(source: Uint8Array, start: number, end: number): void {
    this.#payload(BULK, source, start, end);
  }

  /** A bulk string of the UTF-8 of `text`. */
  bulkText(text: string): void {
    const { length: start } = this;
    this.#reserve(text.length + FRAME_BYTES_MAX);
    this.#header(BULK, text.length); // right if the text is ASCII, as nearly all text is
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > ASCII_MAX) {
        this.length = start;
        this.bulk(utf8(text));
        return;
      }
      bytes[at++] = code;
    }
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.length = at + 2;
  }

  /** As `bulkRange`, sooner where `source` is one of few buffers that most replies come from. */
  bulkKept(source: Uint8Array, start: number, end: number): void {
    const view = end - start <= WORDS_BYTES_MAX ? this.#sources.of(source) : undefined;
    if (view === undefined) {
      this.#payload(BULK, source, start, end);
      return;
    }
    this.#reserve(end - start + FRAME_BYTES_MAX);
    this.#header(BULK, end - start);
    copyWords(view, start, end, this.#view, this.length);
    this.length += end - start;
    this.#crlf();
  }

  /** Lets go of the buffers that `bulkKept` was given. */
  forgetSources(): void {
    this.#sources.forget();
  }

  nullBulk(): void {
    this.raw(this.protocol === 3 ? NULL_3 : NULL_BULK_2);
  }

  nullArray(): void {
    this.raw(this.protocol === 3 ? NULL_3 : NULL_ARRAY_2);
  }

  /** `count` replies must follow; so too for all headers below. */
  arrayHeader(count: number): void {
    this.#header(ARRAY, count);
  }

  /** `pairCount` pairs of a key and a value must follow. */
  mapHeader(pairCount: number): void {
    if (this.protocol === 3) this.#header(MAP, pairCount);
    else this.#header(ARRAY, 2 * pairCount);
  }

  setHeader(count: number): void {
    this.#header(this.protocol === 3 ? SET : ARRAY, count);
  }

  /** Out of band in RESP3: never inside another reply. */
  pushHeader(count: number): void {
    this.#header(this.protocol === 3 ? PUSH : ARRAY, count);
  }

  /**
   * An attribute of the reply that follows. `writePairs` writes `pairCount` pairs of a key and a value; it is
   * not called in RESP2, which has no attributes, so none can be left over there.
   */
  attribute(pairCount: number, writePairs: (writer: this) => void): void {
    if (this.protocol !== 3) return;
    this.#header(ATTRIBUTE, pairCount);
    writePairs(this);
  }

  double(value: number): void {
    this.#number(DOUBLE, doubleText(value));
  }

  bigNumber(value: bigint): void {
    this.#number(BIG_NUMBER, value.toString());
  }

  /** Text for people. `format`: three letters, "txt" or "mkd". */
  verbatim(format: string, payload: Uint8Array): void {
    if (this.protocol !== 3) {
      this.bulk(payload);
      return;
    }
    assert(/^[\x21-\x7e]{3}$/.test(format), "a verbatim format has three letters");
    this.#header(VERBATIM, payload.length + 4);
    this.raw(utf8(`${format}:`));
    this.raw(payload);
    this.#lineEnd();
  }

  boolean(value: boolean): void {
    if (this.protocol === 3) this.raw(value ? TRUE : FALSE);
    else this.#header(INTEGER, value ? 1 : 0);
  }

  /** An error of any bytes; in RESP2, `error`. `text` begins with its code. */
  blobError(text: string): void {
    if (this.protocol !== 3) {
      this.error(text);
      return;
    }
    const payload = utf8(text);
    this.#payload(BLOB_ERROR, payload, 0, payload.length);
  }

  /** Bytes that are encoded already. */
  raw(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    this.#copy(encoded, 0, encoded.length);
  }

  #number(type: number, text: string): void {
    if (this.protocol === 3) this.#line(type, text);
    else this.bulkText(text);
  }

  #payload(type: number, source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + FRAME_BYTES_MAX);
    this.#header(type, end - start);
    this.#copy(source, start, end);
    this.#crlf();
  }

  /** Requires: reserved. */
  #crlf(): void {
    const { bytes, length: at } = this;
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.length = at + 2;
  }

  /** Requires: reserved. */
  #copy(source: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    let at = this.length;
    this.length += end - start;
    if (end - start > LOOP_BYTES_MAX) {
      bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
      return;
    }
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
  }

  /** Characters up to `codeMax` are a byte each; with any beyond it, all the text is UTF-8. */
  #line(type: number, text: string, codeMax = ASCII_MAX): void {
    this.#reserve(text.length + FRAME_BYTES_MAX);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = type;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > codeMax) {
        this.#longLine(type, text);
        return;
      }
      bytes[at++] = code === CR || code === LF ? BLANK : code;
    }
    this.length = at;
    this.#lineEnd();
  }

  #longLine(type: number, text: string): void {
    const encoded = utf8(text.replace(/[\r\n]/g, " "));
    this.#reserve(encoded.length + FRAME_BYTES_MAX);
    this.bytes[this.length++] = type;
    this.raw(encoded);
    this.#lineEnd();
  }

  #lineEnd(): void {
    this.#reserve(2);
    this.bytes[this.length++] = CR;
    this.bytes[this.length++] = LF;
  }

  /** A line of a type and a whole number, such as "$16\r\n". */
  #header(type: number, value: number): void {
    this.#reserve(FRAME_BYTES_MAX);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = type;
    if (value < 0) bytes[at++] = MINUS;
    const magnitude = value < 0 ? -value : value;
    const end = at + digitCount(magnitude);
    let rest = magnitude;
    for (let i = end - 1; i >= at; i--) {
      const quotient = rest > 0x7fff_ffff ? Math.floor(rest / 10) : (rest / 10) | 0;
      bytes[i] = DIGIT_ZERO + (rest - 10 * quotient);
      rest = quotient;
    }
    bytes[end] = CR;
    bytes[end + 1] = LF;
    this.length = end + 2;
  }

  #reserve(count: number): void {
    if (this.length + count > this.#room) this.#grow(count);
  }

  #grow(count: number): void {
    const needed = this.length + count;
    if (needed > this.#bytesMax) throw new ReplyTooLarge();
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(Math.min(2 * this.bytes.length, this.#bytesMax), needed));
    larger.set(this.view());
    this.#use(larger);
  }

  #use(buffer: Uint8Array): void {
    this.bytes = buffer;
    if (this.#view.buffer !== buffer.buffer) this.#view = new DataView(buffer.buffer);
    this.#room = Math.min(buffer.length, this.#bytesMax);
  }
}

function digitCount(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  let count = 4;
  for (let limit = 10_000; value >= limit; limit *= 10) count++;
  return count;
}
