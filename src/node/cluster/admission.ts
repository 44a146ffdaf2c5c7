/**
 * Takes a newcomer into the cluster, on behalf of all its members. Only into an empty one so far: slots change their
 * owners then, and there is nothing to bring from one to the other.
 *
 *   census: everybody is up, nobody has a row  ->  plan: newcomer is joining, slots are about to move
 *   census again: everybody has that plan, so refuses writes, and still has no row  ->  plan: newcomer is a member
 *   else                                                                            ->  plan: without the newcomer
 *
 * Between the two plans writes are refused, so that none can go where reads no longer look. If who carries this
 * through dies on the way, the first of the others that is up goes on.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ClusterPlans } from "../../membership/membership-record.ts";
import { DEFAULT_KEYSPACE, memberOf, type Topology } from "../../membership/topology.ts";
import {
  addMember,
  cancelJoin,
  finishMove,
  type Newcomer,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import { decodeTopology, encodeTopology } from "../../membership/topology-codec.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { Membership } from "./membership.ts";
import type { PeerStation } from "./peer-station.ts";
import type { TopologyRegister } from "./topology-register.ts";

export const CENSUS_METHOD = 36;
const CENSUS_TIMEOUT_MS = 5_000;
/** A move that has been under way for so long has been left alone. */
const ABANDONED_MS = 20_000;
const COPIES_DEFAULT = 3;

export interface AdmissionParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly station: PeerStation;
  readonly membership: Membership;
  readonly register: TopologyRegister;
  readonly isUp: (id: NodeId) => boolean;
  /** Of this node, deleted ones included. */
  readonly countRows: () => number;
  readonly logger: Logger;
}

export class Admission {
  readonly #parts: AdmissionParts;
  #isBusy = false;
  #moveEpoch = 0;
  #moveSinceMs = 0;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    parts.station.door.serve([CENSUS_METHOD], (_, payload) => this.#answerCensus(payload));
  }

  /**
   * Resolves when the newcomer is a member. Rejects with StoreError: INVALID_REQUEST if the cluster does not take it, else
   * it may be tried again.
   */
  admit(newcomer: Newcomer): Promise<ClusterPlans> {
    return this.#alone(async () => {
      const { membership, register, logger } = this.#parts;
      const present = memberOf(this.#topology, newcomer.id);
      if (present?.state === "member") return membership.plans!;
      if (present === undefined) {
        await this.#requireEmpty(
          "holds data, which would have to move to the newcomer: that cannot be done yet",
        );
        await register.change((topology) => withNewcomer(topology, newcomer));
        logger.info({ node: newcomer.id }, "a node is joining the cluster");
      }
      await this.#settle(newcomer.id);
      return membership.plans!;
    });
  }

  /** About every second. */
  onTick(): void {
    const { clock, isUp, membership, logger } = this.#parts;
    const { move, epoch, members } = this.#topology;
    const nowMs = clock.monotonicMs();
    if (move?.kind !== "join" || epoch !== this.#moveEpoch) {
      this.#moveEpoch = epoch;
      this.#moveSinceMs = nowMs;
      return;
    }
    const first = members
      .map(({ id }) => id)
      .filter((id) => id !== move.id && isUp(id))
      .sort(compareText)[0];
    if (nowMs - this.#moveSinceMs < ABANDONED_MS || first !== membership.id || this.#isBusy) return;
    this.#moveSinceMs = nowMs;
    this.#alone(() => this.#settle(move.id)).catch((cause: unknown) => {
      logger.warn({ cause, node: move.id }, "could not bring to an end that a node joins");
    });
  }

  get #topology(): Topology {
    return this.#parts.membership.plans!.topology;
  }

  async #alone<T>(task: () => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new StoreError("OVERLOADED", "not-applied", "another node is joining");
    this.#isBusy = true;
    try {
      return await task();
    } finally {
      this.#isBusy = false;
    }
  }

  /** Brings the join under way to its end: the newcomer is a member, or none. */
  async #settle(id: NodeId): Promise<void> {
    const { register } = this.#parts;
    if (this.#topology.move?.id !== id) return;
    try {
      await this.#requireEmpty(
        "has been written to meanwhile: its data would have to move, which cannot be done yet",
      );
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.code !== "INVALID_REQUEST") throw cause;
      await register.change((topology) => ifMoving(topology, id, cancelJoin));
      this.#announce();
      throw cause;
    }
    await register.change((topology) => ifMoving(topology, id, finishMove));
    this.#announce();
  }

  /** Everybody takes over the present plan and counts rows. */
  async #requireEmpty(otherwise: string): Promise<void> {
    const { station, membership, countRows } = this.#parts;
    const topology = this.#topology;
    const others = topology.members.filter(({ id, state }) => id !== membership.id && state !== "joining");
    const payload = encodeTopology(topology);
    const counts = await Promise.all(
      others.map(async ({ id }) => {
        try {
          return decodeCount(
            await station.call(id, CENSUS_METHOD, payload, { timeoutMs: CENSUS_TIMEOUT_MS }),
          );
        } catch (cause) {
          const text = `every member must be up for a node to join, and ${id} does not answer`;
          throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", text, { cause });
        }
      }),
    );
    const rows = counts.reduce((sum, count) => sum + count, countRows());
    if (rows > 0) throw new StoreError("INVALID_REQUEST", "not-applied", `the cluster ${otherwise}`);
  }

  #answerCensus({ bytes, start, end }: ByteRange): Uint8Array {
    this.#parts.membership.adopt(decodeTopology(bytes.slice(start, end)));
    const answer = new Uint8Array(8);
    new DataView(answer.buffer).setFloat64(0, this.#parts.countRows(), true);
    return answer;
  }

  /** So that writes are taken again at once, and not when gossip gets there. */
  #announce(): void {
    const { station, membership } = this.#parts;
    const payload = encodeTopology(this.#topology);
    for (const { id } of this.#topology.members) {
      if (id === membership.id) continue;
      station.call(id, CENSUS_METHOD, payload, { timeoutMs: CENSUS_TIMEOUT_MS }).catch(() => undefined); // gossip does
    }
  }
}

/** May be run again on what it has made. */
function withNewcomer(topology: Topology, newcomer: Newcomer): TopologyChange {
  if (topology.move?.kind === "join" && topology.move.id === newcomer.id)
    return { kind: "changed", topology };
  const keyspaces = topology.keyspaces.map((keyspace) => {
    const isNamed = keyspace.copies.some(({ datacenter }) => datacenter === newcomer.datacenter);
    if (keyspace.name !== DEFAULT_KEYSPACE || isNamed) return keyspace;
    const copies = [...keyspace.copies, { datacenter: newcomer.datacenter, count: COPIES_DEFAULT }];
    return { ...keyspace, copies: copies.sort((a, b) => compareText(a.datacenter, b.datacenter)) };
  });
  return addMember({ ...topology, keyspaces }, newcomer);
}

/** May be run again on what it has made. */
function ifMoving(
  topology: Topology,
  id: NodeId,
  change: (topology: Topology, id: NodeId) => TopologyChange,
): TopologyChange {
  return topology.move?.id === id ? change(topology, id) : { kind: "changed", topology };
}

function decodeCount(bytes: Uint8Array): number {
  if (bytes.length !== 8) throw new StoreError("CORRUPTION", "not-applied", "a count has 8 bytes");
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
}
