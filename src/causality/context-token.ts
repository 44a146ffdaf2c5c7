/**
 * Context token: what KV.GET hands a client and KV.PUT and KV.DEL take back: all that the client has seen of a
 * row, as printable ASCII that no shell or URL needs to quote. Opaque to clients.
 * DO NOT CHANGE: clients keep tokens; see docs/formats/context-token.md to add a version.
 *
 *   base64url without padding of
 *        0   1  version   1, or 2 if there are dots
 *        1   2  dotCount  big-endian, at least 1; then per dot, sorted:     only in version 2
 *                         actor (8, big-endian), counter (6, big-endian)
 *          ...  seen      a cell without siblings, as cell-codec.ts encodes it
 *      end   4  checksum  CRC-32 (IEEE) of everything before it, big-endian
 *
 * The checksum is against accidents. A client that forges a token can delete what it has not seen, as it could
 * with DEL anyway.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../base/errors.ts";
import { ACTOR_BYTES, readActor, writeActor } from "./actor.ts";
import type { Cell, ClientContext } from "./cell.ts";
import { decodeCell, encodeCell } from "./cell-codec.ts";
import { seenContext } from "./cell-write.ts";
import { compareDots, type Dot, isCounter } from "./dot.ts";

const VERSION = 1;
const VERSION_WITH_DOTS = 2;
const COUNT_BYTES = 2;
const COUNTER_BYTES = 6;
const DOT_BYTES = ACTOR_BYTES + COUNTER_BYTES;
const CHECKSUM_BYTES = 4;
/** Some hundreds of actors: far more than a row can have met. */
const TOKEN_LENGTH_MAX = 16 * 1024;

/** The token of all that `cell` has seen; of nothing, if the row is absent. */
export function encodeContextToken(cell: Cell | undefined): string {
  return encodeClientContext(seenContext(cell));
}

export function encodeClientContext({ context, absorbed, dots = [] }: ClientContext): string {
  const head = dots.length === 0 ? Buffer.of(VERSION) : encodeDots(dots);
  const body = Buffer.concat([head, encodeCell({ context, absorbed, siblings: [] })]);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([body, checksum]).toString("base64url");
}

/** Throws StoreError INVALID_REQUEST if `text` is none that the functions above make. */
export function decodeContextToken(text: string): ClientContext {
  const token = Buffer.from(text.length <= TOKEN_LENGTH_MAX ? text : "", "base64url");
  // Buffer.from skips what is not base64url, so look whether it has.
  if (token.length <= 1 + CHECKSUM_BYTES || token.toString("base64url") !== text) throw invalidToken();
  const body = token.subarray(0, -CHECKSUM_BYTES);
  if (crc32(body) !== token.readUInt32BE(body.length)) throw invalidToken();
  if (body[0] === VERSION) return decodeSeen(body, 1);
  if (body[0] !== VERSION_WITH_DOTS) throw invalidToken();
  const dots = decodeDots(body);
  return { ...decodeSeen(body, 1 + COUNT_BYTES + dots.length * DOT_BYTES), dots };
}

function encodeDots(dots: readonly Dot[]): Buffer {
  const bytes = Buffer.alloc(1 + COUNT_BYTES + dots.length * DOT_BYTES);
  bytes[0] = VERSION_WITH_DOTS;
  bytes.writeUInt16BE(dots.length, 1);
  dots.toSorted(compareDots).forEach(({ actor, counter }, i) => {
    const at = 1 + COUNT_BYTES + i * DOT_BYTES;
    writeActor(bytes, at, actor);
    bytes.writeUIntBE(counter, at + ACTOR_BYTES, COUNTER_BYTES);
  });
  return bytes;
}

function decodeDots(body: Buffer): Dot[] {
  const count = body.length < 1 + COUNT_BYTES ? 0 : body.readUInt16BE(1);
  if (count === 0 || body.length < 1 + COUNT_BYTES + count * DOT_BYTES) throw invalidToken();
  const dots = Array.from({ length: count }, (_, i): Dot => {
    const at = 1 + COUNT_BYTES + i * DOT_BYTES;
    return { actor: readActor(body, at), counter: body.readUIntBE(at + ACTOR_BYTES, COUNTER_BYTES) };
  });
  const isSorted = dots.every((dot, i) => i === 0 || compareDots(dots[i - 1]!, dot) < 0);
  if (!isSorted || !dots.every(({ counter }) => isCounter(counter))) throw invalidToken();
  return dots;
}

function decodeSeen(body: Uint8Array, start: number): ClientContext {
  let cell: Cell;
  try {
    cell = decodeCell(body, start);
  } catch (cause) {
    throw invalidToken({ cause });
  }
  if (cell.siblings.length > 0) throw invalidToken();
  return { context: cell.context, absorbed: cell.absorbed };
}

function invalidToken(options?: ErrorOptions): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", "not a causal context of this database", options);
}
