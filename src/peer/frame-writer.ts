/**
 * Writes frames one after the other into one buffer that is reused, to be sent together. Whoever fills a payload gets
 * the writer between `begin` and `end`, as a PayloadWriter. Hot: once per frame; watched by `bench -- peer`.
 *
 * Numbers in payloads are little-endian, as in headers.
 */
import { assert } from "../base/assert.ts";
import { checksum } from "./checksum.ts";
import {
  CHECK_AT,
  type FrameKind,
  HEADER_BYTES,
  KIND_AT,
  lengthCheck,
  METHOD_AT,
  METHOD_MAX,
  REQUEST_ID_AT,
} from "./frame.ts";

const INITIAL_BYTES = 4 * 1024;
/** A larger buffer is let go once what it holds was sent. */
const KEPT_BYTES_MAX = 256 * 1024;
/** Up to here a loop beats `set`, which costs a view of the source. */
const LOOP_BYTES_MAX = 48;

/** Where a payload goes, field by field. */
export interface PayloadWriter {
  uint8(value: number): void;
  uint16(value: number): void;
  uint32(value: number): void;
  /** Requires: a whole number in [0, 2^53]. */
  uint64(value: number): void;
  float64(value: number): void;
  bytes(bytes: Uint8Array): void;
  range(bytes: Uint8Array, start: number, end: number): void;
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

export class FrameWriter implements PayloadWriter {
  /** What was written is `buffer[0, length)`. */
  buffer: Uint8Array = new Uint8Array(INITIAL_BYTES);
  length = 0;
  #frameAt = -1;

  /** Begins a frame: what is written until `end` is its payload. */
  begin(kind: FrameKind, method: number, requestId: number): void {
    assert(this.#frameAt < 0, "end a frame before the next one");
    assert(method >= 0 && method <= METHOD_MAX, "a method is a number of 16 bits");
    const at = this.length;
    if (at + HEADER_BYTES > this.buffer.length) this.#grow(HEADER_BYTES);
    this.#frameAt = at;
    this.length = at + HEADER_BYTES;
    const { buffer } = this;
    buffer[at + KIND_AT] = kind;
    buffer[at + METHOD_AT] = method;
    buffer[at + METHOD_AT + 1] = method >>> 8;
    writeUint32(buffer, at + REQUEST_ID_AT, requestId);
  }

  /** Of the frame begun last, so far. */
  get payloadBytes(): number {
    return this.length - this.#frameAt - HEADER_BYTES;
  }

  /** Completes the frame. */
  end(): void {
    const at = this.#frameAt;
    assert(at >= 0, "no frame was begun");
    const { buffer, length } = this;
    writeUint32(buffer, at, length - at);
    buffer[at + CHECK_AT] = lengthCheck(length - at);
    writeUint32(buffer, at + 4, checksum(buffer, at + KIND_AT, length));
    this.#frameAt = -1;
  }

  /** Takes the frame back that was begun, if one was. */
  cancel(): void {
    if (this.#frameAt < 0) return;
    this.length = this.#frameAt;
    this.#frameAt = -1;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.buffer[this.length++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.buffer[this.length] = value;
    this.buffer[this.length + 1] = value >>> 8;
    this.length += 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    writeUint32(this.buffer, this.length, value);
    this.length += 4;
  }

  uint64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, "a whole number in [0, 2^53]");
    this.uint32(value >>> 0);
    this.uint32(Math.floor(value / 2 ** 32));
  }

  float64(value: number): void {
    scratch.setFloat64(0, value, true);
    this.range(scratchBytes, 0, 8);
  }

  bytes(bytes: Uint8Array): void {
    this.range(bytes, 0, bytes.length);
  }

  range(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.#reserve(count);
    const { buffer, length } = this;
    if (count > LOOP_BYTES_MAX) buffer.set(bytes.subarray(start, end), length);
    else for (let i = 0; i < count; i++) buffer[length + i] = bytes[start + i]!;
    this.length = length + count;
  }

  /** What was written, in place: valid until the next call. */
  view(): Uint8Array {
    assert(this.#frameAt < 0, "a frame is not complete");
    return this.buffer.subarray(0, this.length);
  }

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    this.#frameAt = -1;
    if (this.buffer.length > KEPT_BYTES_MAX) this.buffer = new Uint8Array(INITIAL_BYTES);
  }

  /** Leaves the buffer to whoever still reads what was written, and starts anew. */
  abandon(): void {
    this.reset();
    this.buffer = new Uint8Array(INITIAL_BYTES);
  }

  /** Keeps only the frames for which `isKept` is true. Requires: no frame is begun. */
  filter(isKept: (kind: number, requestId: number) => boolean): void {
    const { buffer, length } = this;
    let to = 0;
    for (let at = 0; at < length; ) {
      const end = at + readUint32(buffer, at);
      if (isKept(buffer[at + KIND_AT]!, readUint32(buffer, at + REQUEST_ID_AT))) {
        buffer.copyWithin(to, at, end);
        to += end - at;
      }
      at = end;
    }
    this.length = to;
  }

  #reserve(count: number): void {
    if (this.length + count > this.buffer.length) this.#grow(count);
  }

  #grow(count: number): void {
    const larger = new Uint8Array(Math.max(2 * this.buffer.length, this.length + count));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
