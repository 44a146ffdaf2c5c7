/** The declared keyspaces of a node, and how they are changed: by a member for its cluster, by a node alone for itself. */
import type { KeyspaceWish } from "../membership/keyspace-wish.ts";
import type { Keyspaces } from "../membership/keyspaces.ts";

export interface KeyspaceBook {
  /** As they are now. */
  readonly keyspaces: Keyspaces;
  /** Declares a keyspace or changes it. Resolves when that is durable. Rejects with StoreError, INVALID_REQUEST if it is refused. */
  set(name: string, wish: KeyspaceWish): Promise<void>;
  /** Its keys are the default one's from then on. Resolves, and rejects, as `set`. */
  drop(name: string): Promise<void>;
}
