/** Counts the rows that an engine evicts, by keyspace: of a key, the one that is declared for it when it goes. */
import type { ByteRange } from "../base/bytes.ts";
import type { KeyspaceOf } from "../replication/sibling-tally.ts";
import { keyRange } from "../storage/row-key.ts";

export class EvictionTally {
  /** Needs to be set before anything is counted. */
  keyspaceOf: KeyspaceOf = () => "";
  readonly #counts = new Map<string, number>();

  note({ bytes, start }: ByteRange): void {
    const key = keyRange(bytes, start);
    const keyspace = this.keyspaceOf(bytes, key.start, key.end);
    this.#counts.set(keyspace, this.of(keyspace) + 1);
  }

  of(keyspace: string): number {
    return this.#counts.get(keyspace) ?? 0;
  }
}
