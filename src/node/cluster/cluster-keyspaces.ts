/** The keyspaces of a cluster: they stand in its plan, and a majority of the members commits each change (ADR 15). */
import { StoreError } from "../../base/errors.ts";
import { type KeyspaceWish, wishedKeyspace } from "../../membership/keyspace-wish.ts";
import { type Keyspaces, keyspacesOf } from "../../membership/keyspaces.ts";
import type { Topology } from "../../membership/topology.ts";
import { dropKeyspace, setKeyspace, type TopologyChange } from "../../membership/topology-change.ts";
import type { KeyspaceBook } from "../keyspace-book.ts";
import type { TopologyRegister } from "./topology-register.ts";

export interface ClusterKeyspacesParts {
  /** Undefined where the plan cannot change. */
  readonly register: Pick<TopologyRegister, "changeInTurn"> | undefined;
  readonly view: { readonly topology: Topology };
}

export class ClusterKeyspaces implements KeyspaceBook {
  readonly #parts: ClusterKeyspacesParts;

  constructor(parts: ClusterKeyspacesParts) {
    this.#parts = parts;
  }

  get keyspaces(): Keyspaces {
    return keyspacesOf(this.#parts.view.topology);
  }

  /** Rejects with StoreError OVERLOADED, not applied, while slots move. */
  set(name: string, wish: KeyspaceWish): Promise<void> {
    return this.#change((topology) => {
      const wished = wishedKeyspace(topology, name, wish);
      return wished.kind === "refused" ? wished : setKeyspace(topology, wished.keyspace);
    });
  }

  /** As `set`. */
  drop(name: string): Promise<void> {
    return this.#change((topology) => dropKeyspace(topology, name));
  }

  async #change(change: (topology: Topology) => TopologyChange): Promise<void> {
    const { register } = this.#parts;
    if (register === undefined)
      throw new StoreError("INVALID_REQUEST", "not-applied", "the plan of this cluster is fixed");
    await register.changeInTurn(change);
  }
}
