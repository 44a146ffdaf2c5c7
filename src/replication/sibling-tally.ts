/**
 * Counts conflicts: how often a key's copy on this node came to hold values that were written without knowing of each other,
 * how many, and how often such a key was left with one or none. Per keyspace.
 *
 * A conflict is counted where it is made: by a versioned write here, or by the merge of what another node has written. So
 * each copy counts it once, and what is read costs nothing. What expires, is evicted or cleared is not seen to go.
 */
import type { Cell } from "../causality/cell.ts";
import { decodeCell } from "../causality/cell-codec.ts";
import { isCompact } from "../causality/compact-cell.ts";
import { keyRange, type RowKey } from "../storage/row-key.ts";
import type { CellRules } from "../storage/storage-engine.ts";

/** Of one keyspace, since the node's start. */
export interface ConflictCounts {
  /** At position n: how often a key came to hold n values, and had held fewer. */
  readonly heldBy: readonly number[];
  /** Keys that came to hold several, and keys that hold several no more. */
  readonly begun: number;
  readonly ended: number;
}

type Counts = { heldBy: number[]; begun: number; ended: number };

/** The name of the keyspace of the key `bytes[start, end)`. */
export type KeyspaceOf = (bytes: Uint8Array, start: number, end: number) => string;

const NO_CONFLICTS: ConflictCounts = { heldBy: [], begun: 0, ended: 0 };

export class SiblingTally {
  /** Needs to be set before anything is counted. */
  keyspaceOf: KeyspaceOf = () => "";
  readonly #counts = new Map<string, Counts>();

  of(keyspace: string): ConflictCounts {
    return this.#counts.get(keyspace) ?? NO_CONFLICTS;
  }

  /** The key's cell becomes another. Cheap where neither holds several siblings. */
  note(before: Cell | undefined, after: Cell, key: Uint8Array | RowKey): void {
    if (after.siblings.length < 2 && (before === undefined || before.siblings.length < 2)) return;
    const held = before === undefined ? 0 : valuesIn(before);
    const holds = valuesIn(after);
    if (holds === held || (holds < 2 && held < 2)) return;
    const counts = this.#countsOf(key);
    if (holds > held) counts.heldBy[holds] = (counts.heldBy[holds] ?? 0) + 1;
    if (held < 2) counts.begun++;
    if (holds < 2) counts.ended++;
  }

  /** The same rules, whose merges are counted. */
  watching(rules: CellRules): CellRules {
    return {
      ...rules,
      merge: (existing, incoming, key) => {
        const merged = rules.merge(existing, incoming);
        if (key !== undefined && merged !== existing) this.#noteMerge(existing, merged, key);
        return merged;
      },
    };
  }

  #noteMerge(existing: Uint8Array, merged: Uint8Array, key: RowKey): void {
    if (isCompact(existing, 0, existing.length) && isCompact(merged, 0, merged.length)) return;
    this.note(decodeCell(existing), decodeCell(merged), key);
  }

  #countsOf(key: Uint8Array | RowKey): Counts {
    const bytes = key instanceof Uint8Array ? key : key.bytes;
    const { start, end } = key instanceof Uint8Array ? { start: 0, end: key.length } : keyRange(bytes, 0);
    const keyspace = this.keyspaceOf(bytes, start, end);
    let counts = this.#counts.get(keyspace);
    if (counts === undefined) {
      counts = { heldBy: [], begun: 0, ended: 0 };
      this.#counts.set(keyspace, counts);
    }
    return counts;
  }
}

/** Increments of several nodes are one counter, not a conflict. */
function valuesIn({ siblings }: Cell): number {
  let count = 0;
  for (const { kind } of siblings) if (kind === "value") count++;
  return count;
}
