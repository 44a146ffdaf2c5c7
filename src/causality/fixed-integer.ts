/** Integers of fixed size in byte strings, in the two orders that the formats of this folder use. Hot. */

/** Little-endian. */
export function readUint48(bytes: Uint8Array, at: number): number {
  const low = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  return low + (bytes[at + 4]! | (bytes[at + 5]! << 8)) * 0x1_0000_0000;
}

/** Little-endian. Requires: a whole number from 0 to 2^48 - 1. */
export function writeUint48(target: Uint8Array, at: number, value: number): void {
  const low = value >>> 0;
  const high = (value - low) / 0x1_0000_0000;
  target[at] = low;
  target[at + 1] = low >>> 8;
  target[at + 2] = low >>> 16;
  target[at + 3] = low >>> 24;
  target[at + 4] = high;
  target[at + 5] = high >>> 8;
}

/** Big-endian. */
export function readUint64(bytes: Uint8Array, at: number): bigint {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[at + i]!);
  return scratch.getBigUint64(0);
}

/** Big-endian; of a wider number the low 64 bits, so of a negative one its two's complement. */
export function writeUint64(target: Uint8Array, at: number, value: bigint): void {
  scratch.setBigUint64(0, value);
  for (let i = 0; i < 8; i++) target[at + i] = scratch.getUint8(i);
}

/** The way between bytes and bigint that is several times as fast as shifts. Empty between calls. */
const scratch = new DataView(new ArrayBuffer(8));
