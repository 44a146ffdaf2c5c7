/**
 * A frame: what travels between two nodes, one after the other. Written by frame-writer.ts, read by frame-decoder.ts.
 * DO NOT CHANGE: docs/formats/peer-protocol.md says how versions are added.
 *
 *    0        4          8      9       10       12          16
 *   +--------+----------+------+-------+--------+-----------+---------+
 *   | length | checksum | kind | check | method | requestId | payload |
 *   +--------+----------+------+-------+--------+-----------+---------+
 *
 *   length     of the whole frame, header and all
 *   checksum   CRC-32 of everything behind it: bytes 8..length
 *   check      the four bytes of `length` and 0xa5, XORed: a damaged length is seen at once, not when so much has come
 *   method     what is asked for; of a handshake frame, its step; 0 of the others
 *   requestId  chosen by who asks, repeated by who answers; 0 where nothing is answered
 *
 * Numbers are little-endian.
 */

export const HEADER_BYTES = 16;
export const KIND_AT = 8;
export const CHECK_AT = 9;
export const METHOD_AT = 10;
export const REQUEST_ID_AT = 12;
export const METHOD_MAX = 0xffff;

/** A value of the largest size that a client may write, and what travels with it. */
export const DEFAULT_PAYLOAD_BYTES_MAX: number = 64 * 1024 * 1024 + 64 * 1024;

export const FRAME_KIND = {
  handshake: 1,
  request: 2,
  response: 3,
  error: 4,
  message: 5,
  ping: 6,
  pong: 7,
} as const;

export type FrameKind = (typeof FRAME_KIND)[keyof typeof FRAME_KIND];

/** The requestId of what is no request's: of messages, and of an error that tells of one. */
export const NO_REQUEST = 0;

const KIND_MAX = Math.max(...Object.values(FRAME_KIND));

export function isFrameKind(kind: number): kind is FrameKind {
  return kind >= 1 && kind <= KIND_MAX;
}

/** The byte that guards `length`. */
export function lengthCheck(length: number): number {
  return (length ^ (length >>> 8) ^ (length >>> 16) ^ (length >>> 24) ^ 0xa5) & 0xff;
}
