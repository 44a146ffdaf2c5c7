/** Reads what ByteSink wrote. Throws StoreError CORRUPTION at whatever it cannot have written. */
import { corruption } from "./corruption.ts";

/** Where the bytes come from, as errors tell it. */
export interface Origin {
  readonly path: string;
  /** Of the first byte, in the file. */
  readonly offset: number;
}

export class ByteSource {
  readonly #bytes: Uint8Array;
  readonly #origin: Origin;
  #at = 0;

  constructor(bytes: Uint8Array, origin: Origin) {
    this.#bytes = bytes;
    this.#origin = origin;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  number(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 8; count++, unit *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : this.fail("a number is too large");
    }
    return this.fail("a number is too long");
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  uint32(): number {
    const value = this.#byte() | (this.#byte() << 8) | (this.#byte() << 16) | (this.#byte() << 24);
    return value >>> 0;
  }

  /** The next `length` bytes, not copied. */
  bytes(length: number): Uint8Array {
    if (length > this.remaining) this.fail("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  string(): Uint8Array {
    return this.bytes(this.number());
  }

  end(): void {
    if (this.remaining !== 0) this.fail("it goes on after its end");
  }

  fail(what: string): never {
    throw corruption(this.#origin.path, this.#origin.offset + this.#at, what);
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) this.fail("it ends too early");
    return this.#bytes[this.#at++]!;
  }
}
