/**
 * The bounds of what a node has seen, on its disk: DIR/SEEN. It speaks of rows that are durable, and of the plan of one epoch.
 *
 * Invariant: it goes before anything may be lost or dropped that it speaks of: see DiskStore, and `epoch`.
 *
 *   epoch   number, 8 bytes, little-endian; then SeenBounds.encode
 */
import { SeenBounds } from "../../anti-entropy/seen-bounds.ts";
import { StoreError } from "../../base/errors.ts";
import type { DocumentFile } from "../../membership/document-file.ts";

const EPOCH_BYTES = 8;

export class SeenFile {
  readonly #file: Pick<DocumentFile, "load" | "save" | "path"> | undefined;

  /** No file: nothing outlives the process, nor do the rows. */
  constructor(file: Pick<DocumentFile, "load" | "save" | "path"> | undefined) {
    this.#file = file;
  }

  /** Nothing, if there is nothing whole of that epoch. Rejects with StoreError IO. */
  async load(epoch: number): Promise<SeenBounds> {
    const bytes = await this.#file?.load();
    if (bytes === undefined || bytes.length < EPOCH_BYTES) return new SeenBounds();
    if (viewOf(bytes).getFloat64(0, true) !== epoch) return new SeenBounds(); // it may have lost slots since, and got them back
    try {
      return SeenBounds.decode(bytes.subarray(EPOCH_BYTES), this.#file!.path);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      return new SeenBounds();
    }
  }

  /** Resolves when durable. Rejects with StoreError IO. */
  async save(epoch: number, bounds: Uint8Array): Promise<void> {
    if (this.#file === undefined) return;
    const bytes = new Uint8Array(EPOCH_BYTES + bounds.length);
    viewOf(bytes).setFloat64(0, epoch, true);
    bytes.set(bounds, EPOCH_BYTES);
    await this.#file.save(bytes);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
