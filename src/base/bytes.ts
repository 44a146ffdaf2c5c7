/** Byte strings: the few operations every floor needs. */

/** A run of bytes inside somebody else's buffer. Reused by its owner: read it before the next call. */
export interface ByteRange {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** A range that may tell of its bytes as words, too. */
export interface WordRange extends ByteRange {
  /** If there: of the same buffer from its beginning, and `start` is a multiple of 4. */
  words?: Int32Array | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of UTF-8 `bytes`; what is not UTF-8 becomes U+FFFD, so only for people to read. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Unsigned lexicographic order: negative, zero or positive, as for Array.sort. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
