/**
 * The rows that every contender stores: keys of 16 bytes in an order of no help to anybody, values of 100 bytes that
 * pack to about half, as those of LevelDB's own db_bench do: 48 random bytes, the same ones again, and a version.
 */
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;

const RANDOM_WORDS = 12;
const HEX = Buffer.from("0123456789abcdef");

/** Writes the key of row `number` to `target`: its number multiplied out of order, then the number, in hexadecimal. */
export function keyInto(target: Uint8Array, at: number, number: number): void {
  hexInto(target, at, Math.imul(number, 0x9e3779b1));
  hexInto(target, at + 8, number);
}

export function numberOfKey(bytes: Uint8Array, at: number): number {
  let number = 0;
  for (let i = at + 8; i < at + KEY_BYTES; i++) {
    const byte = bytes[i]!;
    number = number * 16 + (byte < 0x60 ? byte - 0x30 : byte - 0x57);
  }
  return number;
}

function hexInto(target: Uint8Array, at: number, word: number): void {
  for (let i = 7, rest = word; i >= 0; i--, rest >>>= 4) target[at + i] = HEX[rest & 15]!;
}

/** Writes the value of row `number` in this version to the first 25 words of `target`. */
export function valueInto(target: Int32Array, number: number, version: number): void {
  let state = Math.imul(number + 1, 0x85ebca6b) ^ Math.imul(version + 1, 0xc2b2ae35);
  for (let i = 0; i < RANDOM_WORDS; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    target[i] = state;
    target[i + RANDOM_WORDS] = state;
  }
  target[2 * RANDOM_WORDS] = version;
}

const expected = new Int32Array(VALUE_BYTES / 4);
const expectedBytes = new Uint8Array(expected.buffer);

/** Throws unless `bytes[at, at + length)` is the value of row `number` in this version. */
export function verifyValue(
  bytes: Uint8Array,
  at: number,
  length: number,
  number: number,
  version: number,
): void {
  valueInto(expected, number, version);
  let same = length === VALUE_BYTES ? 0 : -1;
  while (same >= 0 && same < VALUE_BYTES && bytes[at + same] === expectedBytes[same]) same++;
  if (same !== VALUE_BYTES) throw new Error(`row ${number} was not read back as it was written`);
}
