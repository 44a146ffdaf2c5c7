/**
 * Finds frames in the bytes of one connection, in place, however these are cut. Feed, call `next` until there is no
 * frame, park. Hot: once per frame, allocating nothing; watched by `bench -- peer`.
 */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { InputBuffer } from "../base/input-buffer.ts";
import { checksum } from "./checksum.ts";
import {
  CHECK_AT,
  type FrameKind,
  HEADER_BYTES,
  isFrameKind,
  KIND_AT,
  lengthCheck,
  METHOD_AT,
  REQUEST_ID_AT,
} from "./frame.ts";

export class FrameDecoder {
  /** Of the frame found last, until the next call of `next` or `park`. */
  readonly payload: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  kind: FrameKind = 1;
  method = 0;
  requestId = 0;
  /** A frame with more is refused; may change between frames. */
  payloadBytesMax: number;
  readonly #input = new InputBuffer();
  /** Of the frame that is not whole yet, once that is known. */
  #length = 0;

  constructor(payloadBytesMax: number) {
    this.payloadBytesMax = payloadBytesMax;
  }

  /** Memory held for a frame that is not whole yet. */
  get heldBytes(): number {
    return this.#input.heldBytes;
  }

  /** Takes `bytes[0, length)` until `park`. */
  feed(bytes: Uint8Array, length: number): void {
    this.#input.feed(bytes, length);
  }

  /** True if the fields tell of one more frame. Throws StoreError CORRUPTION: then the connection is of no more use. */
  next(): boolean {
    const input = this.#input;
    if (input.isParked) input.leave();
    if (this.#length === 0) {
      if (!this.#has(HEADER_BYTES)) return false;
      this.#length = this.#readLength();
    }
    const length = this.#length;
    if (!this.#has(length)) return false;
    const { bytes, start } = input;
    const end = start + length;
    if (readUint32(bytes, start + 4) !== checksum(bytes, start + KIND_AT, end) >>> 0) {
      throw damaged("a frame's checksum is wrong");
    }
    const kind = bytes[start + KIND_AT]!;
    if (!isFrameKind(kind)) throw damaged(`there are no frames of kind ${kind}`);
    this.kind = kind;
    this.method = bytes[start + METHOD_AT]! | (bytes[start + METHOD_AT + 1]! << 8);
    this.requestId = readUint32(bytes, start + REQUEST_ID_AT);
    this.payload.bytes = bytes;
    this.payload.start = start + HEADER_BYTES;
    this.payload.end = end;
    input.start = end;
    this.#length = 0;
    return true;
  }

  /** Copies what is not decoded yet out of the fed buffer. */
  park(): void {
    this.#input.park(this.#length);
  }

  /** Forgets everything and holds no memory. */
  clear(): void {
    this.#input.clear();
    this.#length = 0;
    this.payload.bytes = new Uint8Array(0);
  }

  #has(count: number): boolean {
    const input = this.#input;
    const missing = count - (input.end - input.start);
    if (missing <= 0) return true;
    if (!input.isParked) return false;
    input.pull(missing, this.#length);
    return input.end - input.start >= count;
  }

  #readLength(): number {
    const { bytes, start } = this.#input;
    const length = readUint32(bytes, start);
    if (bytes[start + CHECK_AT] !== lengthCheck(length) || length < HEADER_BYTES) {
      throw damaged(
        "this is no frame of the peer protocol: is it a port for clients? Nodes have another one for peers",
      );
    }
    const payloadBytes = length - HEADER_BYTES;
    if (payloadBytes > this.payloadBytesMax) {
      throw damaged(`a frame of ${payloadBytes} bytes is longer than the ${this.payloadBytesMax} allowed`);
    }
    return length;
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function damaged(message: string): StoreError {
  return new StoreError("CORRUPTION", "unknown", message);
}
