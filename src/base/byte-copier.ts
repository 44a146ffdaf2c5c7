/**
 * Copies byte strings into word-aligned places without allocating: short ones word by word, through a view of the
 * source that is kept for as long as the caller goes on using that buffer. (`set(subarray())` makes an object per
 * call; that costs nothing beside the copying of a long string.)
 *
 * Hot: twice per SET; watched by bench/memory-engine.ts.
 */
import type { ByteRange } from "./bytes.ts";

const SHORT_BYTES_MAX = 256;
const NOTHING = new Uint8Array(0);

export class ByteCopier {
  #source: Uint8Array = NOTHING;
  #view: DataView = new DataView(NOTHING.buffer);

  /** Copies `range` to the word `at`. Requires: `words` and `bytes` are one buffer, which is not that of `range`. */
  copy(range: ByteRange, words: Int32Array, bytes: Uint8Array, at: number): void {
    const { bytes: source, start, end } = range;
    if (end - start > SHORT_BYTES_MAX) {
      bytes.set(source.subarray(start, end), at << 2);
      return;
    }
    if (source !== this.#source) this.#look(source);
    const view = this.#view;
    let from = start;
    let to = at;
    for (; from + 16 <= end; from += 16) {
      words[to] = view.getInt32(from, IS_LITTLE_ENDIAN);
      words[to + 1] = view.getInt32(from + 4, IS_LITTLE_ENDIAN);
      words[to + 2] = view.getInt32(from + 8, IS_LITTLE_ENDIAN);
      words[to + 3] = view.getInt32(from + 12, IS_LITTLE_ENDIAN);
      to += 4;
    }
    for (; from + 4 <= end; from += 4) words[to++] = view.getInt32(from, IS_LITTLE_ENDIAN);
    for (let byte = to << 2; from < end; from++) bytes[byte++] = source[from]!;
  }

  /** Lets go of the caller's buffer. */
  forget(): void {
    this.#look(NOTHING);
  }

  #look(source: Uint8Array): void {
    this.#source = source;
    this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
