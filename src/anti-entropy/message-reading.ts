/** Reads a peer's message of one version from its first byte to its last. */
import { StoreError } from "../base/errors.ts";
import { ByteSource } from "../storage/lsm/table/byte-source.ts";

interface Message {
  readonly payload: Uint8Array;
  /** What errors call it. */
  readonly name: string;
  readonly version: number;
}

/** What `read` makes of what follows the version. Throws StoreError INVALID_REQUEST if that is not all, or not sound. */
export function readMessage<T>({ payload, name, version }: Message, read: (source: ByteSource) => T): T {
  const source = new ByteSource(payload, { path: name, offset: 0 });
  try {
    const present = source.bytes(1)[0]!;
    if (present !== version) source.fail(`version ${present}`);
    const message = read(source);
    source.end();
    return message;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new StoreError("INVALID_REQUEST", "not-applied", `malformed ${cause.message}`, { cause });
  }
}
