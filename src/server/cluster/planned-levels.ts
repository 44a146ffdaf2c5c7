/**
 * What requests of one key wait for, keyspace by keyspace, by one topology and what their connection has asked for: worked out
 * once, for requests come in long rows that ask for the same. Hot: looking it up allocates nothing.
 */
import { type Keyspaces, keyspacesOf } from "../../membership/keyspaces.ts";
import type { Keyspace, Topology } from "../../membership/topology.ts";
import type { ConsistencyLevel } from "../../replication/quorum-need.ts";
import type { RequestInPlace } from "../../replication/step.ts";
import { type AskedLevels, levelsIn } from "./consistency.ts";

export interface PlannedLevel {
  /** Of a write. */
  readonly level: ConsistencyLevel;
  readonly isSloppy: boolean;
  readonly readLevel: ConsistencyLevel;
  /** 0: values without an expiry do not expire. */
  readonly ttlMs: number;
}

export class PlannedLevels {
  readonly topology: Topology;
  readonly asked: AskedLevels;
  readonly #keyspaces: Keyspaces;
  readonly #default: PlannedLevel;
  readonly #byKeyspace: ReadonlyMap<Keyspace, PlannedLevel>;

  constructor(topology: Topology, asked: AskedLevels) {
    this.topology = topology;
    this.asked = asked;
    this.#keyspaces = keyspacesOf(topology);
    const { all, default: standard } = this.#keyspaces;
    this.#byKeyspace = new Map(all.map((keyspace) => [keyspace, planned(keyspace, asked)]));
    this.#default = this.#byKeyspace.get(standard)!;
  }

  /** Of the request's second argument. */
  of({ bytes, starts, ends }: RequestInPlace): PlannedLevel {
    const keyspaces = this.#keyspaces;
    if (keyspaces.isSingle) return this.#default;
    return this.#byKeyspace.get(keyspaces.of(bytes, starts[1], ends[1]))!;
  }
}

function planned(keyspace: Keyspace, asked: AskedLevels): PlannedLevel {
  const { read, write, isSloppy } = levelsIn(keyspace, asked);
  return { level: write, isSloppy, readLevel: read, ttlMs: keyspace.ttlMs };
}
