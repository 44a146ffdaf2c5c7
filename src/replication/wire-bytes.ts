/** Reads and writes the fields of replica messages. Numbers are little-endian. */
import { toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";

/** The error of every message that its reader cannot take. */
export function malformedMessage(reason: string): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", `malformed replica message: ${reason}`);
}

/** Every method throws StoreError INVALID_REQUEST if the bytes end too early. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint48(): number {
    const at = this.#advance(6);
    return this.#view.getUint32(at, true) + this.#view.getUint16(at + 4, true) * 2 ** 32;
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  /** A view: copy what is to outlive the message. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Up to 255 bytes of text. */
  name(): string {
    return toText(this.bytes(this.uint8()));
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

export class WireWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  uint8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  uint32(value: number): this {
    const part = new Uint8Array(4);
    new DataView(part.buffer).setUint32(0, value, true);
    return this.bytes(part);
  }

  uint48(value: number): this {
    const part = new Uint8Array(6);
    new DataView(part.buffer).setUint32(0, value % 2 ** 32, true);
    new DataView(part.buffer).setUint16(4, value / 2 ** 32, true);
    return this.bytes(part);
  }

  int64(value: bigint): this {
    const part = new Uint8Array(8);
    new DataView(part.buffer).setBigInt64(0, value, true);
    return this.bytes(part);
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** Requires: at most 255 bytes of UTF-8. */
  name(text: string): this {
    const bytes = utf8(text);
    return this.uint8(bytes.length).bytes(bytes);
  }

  sized(bytes: Uint8Array): this {
    return this.uint32(bytes.length).bytes(bytes);
  }

  /** The message, in a buffer of its own. */
  finish(): Uint8Array {
    const message = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.length;
    }
    return message;
  }
}
