/** Hints that are written and synced together, and those who wait for that. */
import { type Hint, hintBytes, writeHint } from "./hint-format.ts";
import type { Placed } from "./hint-segment.ts";

interface Queued {
  readonly hash: number;
  readonly hint: Hint;
}

export class HintBatch {
  readonly #queued: Queued[] = [];
  #sizeBytes = 0;
  #done: Promise<void> | undefined;
  #resolve!: () => void;
  #reject!: (cause: unknown) => void;

  get isEmpty(): boolean {
    return this.#queued.length === 0;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Copies key and cell. One promise for all of the batch. */
  add(hash: number, { addedMs, ref, cell }: Hint): Promise<void> {
    const own = { addedMs, ref: { database: ref.database, key: ref.key.slice() }, cell: cell.slice() };
    this.#queued.push({ hash, hint: own });
    this.#sizeBytes += hintBytes(ref, cell);
    this.#done ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    return this.#done;
  }

  encode(stamp: number): { readonly bytes: Uint8Array; readonly placed: readonly Placed[] } {
    const bytes = new Uint8Array(this.#sizeBytes);
    const placed: Placed[] = [];
    let at = 0;
    for (const { hash, hint } of this.#queued) {
      writeHint(bytes, at, stamp, hint);
      placed.push({ hash, addedMs: hint.addedMs, start: at });
      at += hintBytes(hint.ref, hint.cell);
    }
    return { bytes, placed };
  }

  resolve(): void {
    this.#resolve();
  }

  reject(cause: unknown): void {
    this.#reject(cause);
  }
}
