/** Reads and writes the primitives of the general cell form. Numbers are LEB128, at most 48 bits, shortest form. */
import { StoreError } from "../base/errors.ts";
import { ACTOR_BYTES, type Actor, readActor, writeActor } from "./actor.ts";
import { readUint48, readUint64, writeUint48, writeUint64 } from "./fixed-integer.ts";

const VARINT_BYTES_MAX = 7;
export const INT64_BYTES = 8;

/** The error of every malformed cell. */
export function corruptCell(reason: string): StoreError {
  return new StoreError("CORRUPTION", "not-applied", `malformed cell: ${reason}`);
}

/** Every method throws StoreError CORRUPTION if the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get remainingBytes(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  actor(): Actor {
    return readActor(this.#bytes, this.#advance(ACTOR_BYTES));
  }

  uint48(): number {
    return readUint48(this.#bytes, this.#advance(6));
  }

  uint16(): number {
    const at = this.#advance(2);
    return this.#bytes[at]! | (this.#bytes[at + 1]! << 8);
  }

  int64(): bigint {
    return BigInt.asIntN(64, readUint64(this.#bytes, this.#advance(INT64_BYTES)));
  }

  /** A view of the next bytes, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw corruptCell("number not in its shortest form");
        if (value >= 2 ** 48) break;
        return value;
      }
      scale *= 0x80;
    }
    throw corruptCell("number above 48 bits");
  }

  #advance(length: number): number {
    if (length > this.remainingBytes) throw corruptCell("it ends too early");
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** Writes into a buffer that its user has measured beforehand. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#at;
  }

  byte(value: number): void {
    this.bytes[this.#at++] = value;
  }

  actor(actor: Actor): void {
    writeActor(this.bytes, this.#at, actor);
    this.#at += ACTOR_BYTES;
  }

  uint48(value: number): void {
    writeUint48(this.bytes, this.#at, value);
    this.#at += 6;
  }

  uint16(value: number): void {
    this.byte(value);
    this.byte(value >>> 8);
  }

  int64(value: bigint): void {
    writeUint64(this.bytes, this.#at, value);
    this.#at += INT64_BYTES;
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  varint(value: number): void {
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80);
    for (; rest > 0x7f; rest >>>= 7) this.byte(rest | 0x80); // the whole of the loop, nearly always
    this.byte(rest);
  }
}

/** How many bytes `varint` takes. */
export function varintBytes(value: number): number {
  let size = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) size++;
  return size;
}
