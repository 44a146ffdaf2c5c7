/**
 * The first byte of every reply, which tells its type. Shared by reply-writer.ts, reply-decoder.ts and scalar-reply.ts.
 * Source: RESP specification.
 */

// Followed by one line.
export const SIMPLE = 0x2b; // +
export const ERROR = 0x2d; // -
export const INTEGER = 0x3a; // :
export const DOUBLE = 0x2c; // ,
export const BIG_NUMBER = 0x28; // (
export const BOOLEAN = 0x23; // #
export const NULL = 0x5f; // _

// Followed by a length, and so many bytes.
export const BULK = 0x24; // $
export const BLOB_ERROR = 0x21; // !
export const VERBATIM = 0x3d; // =

// Followed by a count, and so many replies, or pairs of them.
export const ARRAY = 0x2a; // *
export const SET = 0x7e; // ~
export const PUSH = 0x3e; // >
export const MAP = 0x25; // %
export const ATTRIBUTE = 0x7c; // |
