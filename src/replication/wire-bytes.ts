/**
 * Reads and writes the fields of replica messages. Numbers are little-endian. Hot: several of each per request of a
 * client; watched by `bench -- coordinator`.
 */
import { pooledCopy } from "../base/byte-pool.ts";
import { toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { readUint48, writeUint48 } from "../causality/fixed-integer.ts";

/** The error of every message that its reader cannot take. */
export function malformedMessage(reason: string): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", `malformed replica message: ${reason}`);
}

/** Every method throws StoreError INVALID_REQUEST if the bytes end too early. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  uint32(): number {
    return uint32At(this.#bytes, this.#advance(4));
  }

  uint48(): number {
    const at = this.#advance(6);
    return readUint48(this.#bytes, at);
  }

  int64(): bigint {
    const at = this.#advance(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getBigInt64(at, true);
  }

  /** A view: copy what is to outlive the message. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Up to 255 bytes of text. */
  name(): string {
    const length = this.uint8();
    return length === 0 ? "" : toText(this.bytes(length));
  }

  /** Bytes with their length before them. */
  sized(): Uint8Array {
    return this.bytes(this.uint32());
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw malformedMessage("bytes follow its end");
  }

  #advance(length: number): number {
    if (length > this.#bytes.length - this.#at) throw malformedMessage("it ends too early");
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** What a writer writes to until it is finished: kept for the next one. */
let spare: Uint8Array | undefined;
const SPARE_BYTES_MAX = 64 * 1024;

/** Begin it and finish it in one go: its buffer is lent. */
export class WireWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor() {
    this.#bytes = spare ?? new Uint8Array(1024);
    spare = undefined;
  }

  uint8(value: number): this {
    this.#bytes[this.#extend(1)] = value;
    return this;
  }

  uint32(value: number): this {
    const at = this.#extend(4);
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    return this;
  }

  uint48(value: number): this {
    const at = this.#extend(6);
    writeUint48(this.#bytes, at, value);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#extend(8);
    new DataView(this.#bytes.buffer).setBigInt64(at, value, true);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#extend(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Requires: at most 255 bytes of UTF-8. */
  name(text: string): this {
    if (text === "") return this.uint8(0);
    const bytes = utf8(text);
    return this.uint8(bytes.length).bytes(bytes);
  }

  sized(bytes: Uint8Array): this {
    return this.uint32(bytes.length).bytes(bytes);
  }

  /** The message, the caller's own. Not for what is kept for long. */
  finish(): Uint8Array {
    const message = pooledCopy(this.#bytes, 0, this.#length);
    if (this.#bytes.length <= SPARE_BYTES_MAX) spare = this.#bytes;
    return message;
  }

  /** Makes room for so much more; returns where it begins. */
  #extend(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      longer.set(this.#bytes.subarray(0, at));
      this.#bytes = longer;
    }
    return at;
  }
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
