/**
 * The header of the commonest cell there is, as words: compact, of one actor that knows of no other, without an expiry.
 * Such a cell becomes its successor by a new dot and a new time where it lies. See compact-cell.ts for the bytes.
 *
 *   word    0 1       2              3           4        5
 *           format,   end of actor,  rest of     low of   high of wallMs,
 *           flags,    low of         counter     wallMs   logical
 *           actor     counter
 *
 * Hot: once per SET, word by word rather than byte by byte; watched by `bench -- redis`.
 */
import { ACTOR_AT, COMPACT_FORMAT, type CompactStamp, FIXED_BYTES } from "./compact-cell.ts";

export const PLAIN_HEADER_BYTES = FIXED_BYTES;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const HALF = 0x1_0000;
const LOW_HALF = HALF - 1;

export class PlainHeader {
  readonly #word0: number;
  readonly #word1: number;
  readonly #actorEnd: number;

  private constructor(actorBytes: Uint8Array) {
    const bytes = new Uint8Array(ACTOR_AT + actorBytes.length + 2);
    bytes[0] = COMPACT_FORMAT;
    bytes.set(actorBytes, ACTOR_AT);
    const words = new Int32Array(bytes.buffer);
    this.#word0 = words[0]!;
    this.#word1 = words[1]!;
    this.#actorEnd = words[2]!;
  }

  /** Undefined on a machine whose words are not what is drawn above. */
  static of(actorBytes: Uint8Array): PlainHeader | undefined {
    return IS_LITTLE_ENDIAN ? new PlainHeader(actorBytes) : undefined;
  }

  /** True if such a header begins with the word `at`, of the actor, and of a dot before `counter`. */
  isAt(words: Int32Array, at: number, counter: number): boolean {
    return (
      words[at] === this.#word0 &&
      words[at + 1] === this.#word1 &&
      (words[at + 2]! & LOW_HALF) === this.#actorEnd &&
      (words[at + 3]! >>> 0) * HALF + (words[at + 2]! >>> 16) < counter
    );
  }

  /** Gives it the dot and the time of `stamp`. */
  restamp(words: Int32Array, at: number, { counter, wallMs, logical }: CompactStamp): void {
    words[at + 2] = this.#actorEnd | (counter << 16);
    words[at + 3] = counter / HALF;
    words[at + 4] = wallMs;
    words[at + 5] = (wallMs / (HALF * HALF)) | (logical << 16);
  }
}
