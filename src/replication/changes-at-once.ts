/**
 * Changes of several keys that are at hand one after the other, without decoding their cells: for the commands that
 * put, or delete, all they name.
 */
import type { DatabaseNumbers } from "./database-numbers.ts";
import type { KeyAtHand } from "./key-at-hand.ts";
import type { Change, KeyRef, KeyView } from "./step.ts";
import { UndoLog } from "./undo-log.ts";

/**
 * True if the changes can be made one after the other: all puts or all deletions, none with a context, and with no value
 * that is another key's, which may move meanwhile.
 */
export function isUniform(views: readonly KeyView[], changes: readonly (Change | undefined)[]): boolean {
  const lent: ArrayBufferLike[] = [];
  for (const { value } of views) {
    if (value !== undefined && !lent.includes(value.buffer)) lent.push(value.buffer);
  }
  let kind: Change["kind"] | undefined;
  for (const change of changes) {
    if (change === undefined) continue;
    if (change.kind !== (kind ?? change.kind)) return false;
    kind = change.kind;
    if (kind !== "put" && kind !== "delete") return false;
    if ("context" in change || "stamp" in change || ("value" in change && lent.includes(change.value.buffer)))
      return false;
  }
  return true;
}

export class ChangesAtOnce {
  readonly #key: KeyAtHand;
  readonly #databases: Pick<DatabaseNumbers, "physicalOf">;
  readonly #undo = new UndoLog();

  constructor(key: KeyAtHand, databases: Pick<DatabaseNumbers, "physicalOf">) {
    this.#key = key;
    this.#databases = databases;
  }

  /** Makes all of them or none. Requires: an engine that answers at once; `isUniform`. */
  make(refs: readonly KeyRef[], changes: readonly (Change | undefined)[], wallMs: number): void {
    const key = this.#key;
    const undo = this.#undo;
    let done = 0;
    try {
      for (; done < refs.length; done++) {
        const change = changes[done];
        if (change === undefined) continue;
        void this.#find(refs[done]!);
        key.save(undo);
        void key.change(change, wallMs);
      }
    } catch (cause) {
      for (let i = done; i >= 0; i--) {
        if (changes[i] === undefined) continue;
        void this.#find(refs[i]!);
        key.restore(undo);
      }
      throw cause;
    } finally {
      undo.clear();
    }
  }

  #find({ database, key }: KeyRef): void {
    this.#key.name(this.#databases.physicalOf(database), key, 0, key.length);
    void this.#key.find(false);
  }
}
