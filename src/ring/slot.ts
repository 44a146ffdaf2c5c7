/**
 * Slot of a key: the one unit of placement, routing, Merkle trees, streaming, repair and backup.
 * Source: Redis Cluster specification, "Key distribution model" and "Hash tags".
 *
 *   slot = CRC16/XMODEM(hash tag, else the whole key) mod 16384
 *   hash tag: what stands between the first "{" and the first "}" after it, unless nothing does
 *
 * Hot: once per key of a command; watched by `bench -- redis`.
 */

export const SLOT_COUNT = 16384;
export const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The slot of the key `bytes[start, end)`, 0..16383. */
export function slotOf(bytes: Uint8Array, start = 0, end = bytes.length): number {
  for (let open = start; open < end; open++) {
    if (bytes[open] !== OPEN_BRACE) continue;
    const close = bytes.indexOf(CLOSE_BRACE, open + 1);
    const isTag = close > open + 1 && close < end;
    return crc16(bytes, isTag ? open + 1 : start, isTag ? close : end) & (SLOT_COUNT - 1);
  }
  return crc16(bytes, start, end) & (SLOT_COUNT - 1);
}

/** CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = crc16Step(crc, bytes[i]!);
  return crc & 0xffff;
}

/** One byte more. The low 16 bits of what it returns are the checksum; the rest may be passed on as it is. */
export function crc16Step(crc: number, byte: number): number {
  return (crc << 8) ^ CRC16_TABLE[((crc >>> 8) & 0xff) ^ byte]!;
}

/** Two bytes more, in the time that one takes: neither look into the tables waits for the other. */
export function crc16Steps(crc: number, byte1: number, byte2: number): number {
  return CRC16_TABLE_2[((crc >>> 8) & 0xff) ^ byte1]! ^ CRC16_TABLE[(crc & 0xff) ^ byte2]!;
}

const CRC16_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** What a byte makes of the checksum when another byte has come after it. */
const CRC16_TABLE_2 = CRC16_TABLE.map((crc) => crc16Step(crc, 0) & 0xffff);
