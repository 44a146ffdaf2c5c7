/**
 * Short byte strings that do not live long, cut from larger buffers: a buffer of its own for each costs several times as
 * much to make, and again to collect. A large buffer stays for as long as any piece of it is used.
 *
 * Hot: some times per request in a cluster; watched by `bench -- coordinator`.
 */

const SLAB_BYTES = 64 * 1024;
/** Longer ones get a buffer of their own. */
const PIECE_BYTES_MAX = 4 * 1024;

let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/** A copy of `bytes[start, end)`, the caller's own. Not for what is kept for long. */
export function pooledCopy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > PIECE_BYTES_MAX) return bytes.slice(start, end);
  if (used + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const piece = new Uint8Array(slab, used, length);
  used += length;
  if (length <= LOOP_BYTES_MAX) for (let i = 0; i < length; i++) piece[i] = bytes[start + i]!;
  else piece.set(bytes.subarray(start, end));
  return piece;
}

/** Up to here a loop is quicker than another view. */
const LOOP_BYTES_MAX = 64;
