/**
 * Context token: what KV.GET hands a client and KV.PUT and KV.DEL take back: all that the client has seen of a
 * row, as printable ASCII that no shell or URL needs to quote. Opaque to clients.
 * DO NOT CHANGE: clients keep tokens; see docs/formats/context-token.md to add a version.
 *
 *   base64url without padding of
 *        0   1  version   1
 *        1 ...  seen      a cell without siblings, as cell-codec.ts encodes it
 *      end   4  checksum  CRC-32 (IEEE) of everything before it, big-endian
 *
 * The checksum is against accidents. A client that forges a token can delete what it has not seen, as it could
 * with DEL anyway.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../base/errors.ts";
import type { Cell, SeenContext } from "./cell.ts";
import { decodeCell, encodeCell } from "./cell-codec.ts";
import { seenContext } from "./cell-write.ts";

const VERSION = 1;
const CHECKSUM_BYTES = 4;
/** Some hundreds of actors: far more than a row can have met. */
const TOKEN_LENGTH_MAX = 16 * 1024;

/** The token of all that `cell` has seen; of nothing, if the row is absent. */
export function encodeContextToken(cell: Cell | undefined): string {
  const seen = encodeCell({ ...seenContext(cell), siblings: [] });
  const token = Buffer.alloc(1 + seen.length + CHECKSUM_BYTES);
  token[0] = VERSION;
  token.set(seen, 1);
  token.writeUInt32BE(crc32(token.subarray(0, -CHECKSUM_BYTES)), token.length - CHECKSUM_BYTES);
  return token.toString("base64url");
}

/** Throws StoreError INVALID_REQUEST if encodeContextToken did not make `text`. */
export function decodeContextToken(text: string): SeenContext {
  const token = Buffer.from(text.length <= TOKEN_LENGTH_MAX ? text : "", "base64url");
  // Buffer.from skips what is not base64url, so look whether it has.
  if (token.length <= 1 + CHECKSUM_BYTES || token.toString("base64url") !== text) throw invalidToken();
  const body = token.subarray(0, -CHECKSUM_BYTES);
  if (crc32(body) !== token.readUInt32BE(body.length) || body[0] !== VERSION) throw invalidToken();
  return decodeSeen(body);
}

function decodeSeen(body: Uint8Array): SeenContext {
  let cell: Cell;
  try {
    cell = decodeCell(body, 1);
  } catch (cause) {
    throw invalidToken({ cause });
  }
  if (cell.siblings.length > 0) throw invalidToken();
  return { context: cell.context, absorbed: cell.absorbed };
}

function invalidToken(options?: ErrorOptions): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", "not a causal context of this database", options);
}
