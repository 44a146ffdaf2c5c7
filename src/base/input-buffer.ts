/**
 * The bytes of one connection that are not decoded yet. They lie in the network's shared buffer while an
 * event lasts, and only what must outlive the event is copied into a buffer of the connection's own.
 *
 *   in place:  bytes = the fed buffer    [ .... start ======== end ]
 *   parked:    bytes = the own buffer    [ .... start ===o==== end ]
 *              the fed buffer               [ =======o==== at ======== end ]
 *
 * Invariant: what is parked is a copy, so the fed buffer may be reused after `park`.
 * Invariant: of a fed buffer, only what the parked bytes need to be whole is copied; from o on (the overlap)
 * both hold the same bytes, so once everything before o is decoded, decoding goes on in place.
 * Invariant: the own buffer grows with what has arrived, never with what was announced; an idle connection
 * has none.
 */
import { assert } from "./assert.ts";

const NOTHING = new Uint8Array(0);
const OWN_BYTES_MIN = 256;
/** A larger own buffer is let go as soon as it is empty. */
const OWN_BYTES_KEPT = 64 * 1024;

export class InputBuffer {
  /** What is not decoded: `bytes[start, end)`. The owner moves `start` on; positions change only in `pull` and `park`. */
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** True while `bytes` is the connection's own buffer. */
  isParked = false;
  #own: Uint8Array = NOTHING;
  #fed: Uint8Array = NOTHING;
  #fedAt = 0;
  #fedEnd = 0;
  #overlap = 0;

  /** Bytes not decoded yet, wherever they lie. */
  get unreadBytes(): number {
    return this.end - this.start + this.#fedEnd - this.#fedAt;
  }

  /** Memory that the connection holds for them. */
  get heldBytes(): number {
    return this.#own.length;
  }

  /** Takes `fed[0, length)` until `park`. Requires: what was fed before is decoded or parked. */
  feed(fed: Uint8Array, length: number): void {
    if (this.isParked) {
      assert(this.#fedAt === this.#fedEnd, "park before the next feed");
      this.#fed = fed;
      this.#fedAt = 0;
      this.#fedEnd = length;
      this.#overlap = 0;
      return;
    }
    assert(this.start === this.end, "park before the next feed");
    this.bytes = fed;
    this.start = 0;
    this.end = length;
  }

  /**
   * Adds up to `count` bytes of the fed buffer to the parked ones, and is false if there are none.
   * `expected`: how long everything kept will be in the end, if known; spares the last doubling.
   */
  pull(count: number, expected: number): boolean {
    const taken = Math.min(count, this.#fedEnd - this.#fedAt);
    if (taken === 0) return false;
    this.#append(taken, expected);
    this.#overlap += taken;
    return true;
  }

  /** Goes back to the fed buffer if nothing before the overlap is left. */
  leave(): void {
    const left = this.end - this.start;
    if (left > this.#overlap) return;
    this.bytes = this.#fed;
    this.start = this.#fedAt - left;
    this.end = this.#fedEnd;
    this.isParked = false;
    this.#forgetFed();
    if (this.#own.length > OWN_BYTES_KEPT) this.#own = NOTHING;
  }

  /** Copies what is not decoded out of the fed buffer, which may be reused afterwards. `expected` as for `pull`. */
  park(expected: number): void {
    if (this.isParked) {
      if (this.#fedAt < this.#fedEnd) this.#append(this.#fedEnd - this.#fedAt, expected);
      this.#forgetFed();
    } else if (this.start < this.end) {
      const kept = this.end - this.start;
      if (this.#own.length < kept) this.#own = newBuffer(kept, expected);
      this.#own.set(this.bytes.subarray(this.start, this.end), 0);
      this.bytes = this.#own;
      this.start = 0;
      this.end = kept;
      this.isParked = true;
    }
    if (this.start === this.end) this.clear();
  }

  /** Forgets everything and holds no memory. */
  clear(): void {
    this.bytes = NOTHING;
    this.start = 0;
    this.end = 0;
    this.isParked = false;
    this.#own = NOTHING;
    this.#forgetFed();
  }

  #append(count: number, expected: number): void {
    if (this.end + count > this.#own.length) {
      const kept = this.end - this.start;
      const larger = newBuffer(kept + count, expected);
      larger.set(this.bytes.subarray(this.start, this.end), 0);
      this.bytes = this.#own = larger;
      this.start = 0;
      this.end = kept;
    }
    this.#own.set(this.#fed.subarray(this.#fedAt, this.#fedAt + count), this.end);
    this.end += count;
    this.#fedAt += count;
  }

  #forgetFed(): void {
    this.#fed = NOTHING;
    this.#fedAt = 0;
    this.#fedEnd = 0;
    this.#overlap = 0;
  }
}

/** Room for twice what is needed now, so that copying stays linear, but no more than what is expected in the end. */
function newBuffer(needed: number, expected: number): Uint8Array {
  const sizeBytes = expected >= needed ? Math.min(2 * needed, expected) : 2 * needed;
  return new Uint8Array(Math.max(sizeBytes, OWN_BYTES_MIN));
}
