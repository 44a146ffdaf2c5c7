/** The keyspaces of a cluster: they stand in its plan, and a majority of the members commits each change (ADR 15). */
import { StoreError } from "../../base/errors.ts";
import { isSame, type KeyspaceWish, wishedKeyspace } from "../../membership/keyspace-wish.ts";
import { type Keyspaces, keyspacesOf } from "../../membership/keyspaces.ts";
import { defaultKeyspaceOf, type Topology } from "../../membership/topology.ts";
import {
  changeCopies,
  dropKeyspace,
  setKeyspace,
  type TopologyChange,
} from "../../membership/topology-change.ts";
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

  /** A change of copies has begun then. Rejects with StoreError OVERLOADED, not applied, if that must wait for another move. */
  async set(name: string, wish: KeyspaceWish): Promise<void> {
    const change = (topology: Topology): TopologyChange => changed(topology, name, wish);
    const wished = wishedKeyspace(this.#parts.view.topology, name, wish);
    // Said at once: else a move that is under way would be said to be what is wrong.
    if (wished.kind === "refused") throw new StoreError("INVALID_REQUEST", "not-applied", wished.reason);
    await this.#change(change);
  }

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

function changed(topology: Topology, name: string, wish: KeyspaceWish): TopologyChange {
  const wished = wishedKeyspace(topology, name, wish);
  if (wished.kind === "refused") return wished;
  const { copies } = defaultKeyspaceOf(topology);
  const { keyspace } = wished;
  const set = setKeyspace(topology, { ...keyspace, copies });
  if (isSame(keyspace.copies, copies) || set.kind === "refused") return set;
  return changeCopies(set.topology, keyspace.copies);
}
