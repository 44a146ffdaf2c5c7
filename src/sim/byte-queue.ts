/** Bytes waiting to be read, in order. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Moves the first `count` bytes to the start of `into`. Requires: there are as many, and room for them. */
  take(count: number, into: Uint8Array): void {
    let filled = 0;
    while (filled < count) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, count - filled);
      into.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#length -= count;
  }

  /** Forgets everything; returns how many bytes that were. */
  clear(): number {
    const dropped = this.#length;
    this.#chunks = [];
    this.#length = 0;
    return dropped;
  }
}
