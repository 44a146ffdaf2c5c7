/**
 * Takes a newcomer into the plan, on behalf of all members: as one more of them, or in the place of one that will not
 * come back. Once it answers as a member, and it is its turn, MoveDriver gives it its slots.
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ClusterPlans } from "../../membership/membership-record.ts";
import { memberOf, type Topology } from "../../membership/topology.ts";
import {
  addMember,
  type Newcomer,
  replaceMember,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { Membership } from "./membership.ts";
import { isStuck } from "./stuck-move.ts";
import type { TopologyRegister } from "./topology-register.ts";

const COPIES_DEFAULT = 3;

export interface AdmissionParts {
  readonly membership: Membership;
  readonly register: TopologyRegister;
  readonly isUp: (id: NodeId) => boolean;
  readonly logger: Logger;
}

export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the newcomer is in the plan. Rejects with StoreError: INVALID_REQUEST if the cluster does not take it, else
   * it may be tried again. `address`: where its peers reach it.
   */
  async admit(newcomer: Newcomer, address: string, replaced: NodeId | undefined): Promise<ClusterPlans> {
    const { membership, register, logger } = this.#parts;
    const plans = membership.plans!;
    if (memberOf(plans.topology, newcomer.id) !== undefined) return plans;
    if (replaced === undefined) this.#refuseWiped(address);
    else this.#refuseLiving(address, replaced);
    await register.changeInTurn((topology): TopologyChange => {
      if (memberOf(topology, newcomer.id) !== undefined) return { kind: "changed", topology };
      return replaced === undefined
        ? withNewcomer(topology, newcomer)
        : replaceMember(topology, newcomer, replaced, {
            setsBack: isStuck(topology, this.#isLeft(replaced)),
          });
    });
    logger.info({ node: newcomer.id, replaced }, "a node is joining the cluster");
    return membership.plans!;
  }

  /**
   * A member that has lost its directory comes back as a stranger. As one more member it would leave behind one that is
   * down for ever: copies that are never there count in each quorum, and nothing that was deleted is forgotten.
   */
  #refuseWiped(address: string): void {
    const lost = this.#membersAt(address)[0];
    if (lost === undefined) return;
    if (this.#parts.isUp(lost)) throw notYet(lost, address);
    const text =
      `${lost} was at ${address}, and is down: if its data is lost, start this node with --replace ${lost}, ` +
      `or take that one out first (kvorum leave ${lost}); if it is to come back, give this node another address`;
    throw new StoreError("INVALID_REQUEST", "not-applied", text);
  }

  #refuseLiving(address: string, replaced: NodeId): void {
    if (!this.#parts.isUp(replaced)) return;
    if (this.#membersAt(address).includes(replaced)) throw notYet(replaced, address);
    throw new StoreError("INVALID_REQUEST", "not-applied", `${replaced} is up, and not to be replaced`);
  }

  /** Who is up, but for whoever is lost, whatever this node has noticed of that. */
  #isLeft(lost: NodeId): (id: NodeId) => boolean {
    return (id) => id !== lost && this.#parts.isUp(id);
  }

  #membersAt(address: string): readonly NodeId[] {
    const { membership } = this.#parts;
    return [...membership.addresses]
      .filter(([id, at]) => at === address && membership.isMember(id))
      .map(([id]) => id);
  }
}

/** The newcomer listens there itself, so that it will be seen soon that nobody else does. */
function notYet(id: NodeId, address: string): StoreError {
  const text = `${id} was at ${address}, and is not known to be down yet`;
  return new StoreError("OVERLOADED", "not-applied", text);
}

function withNewcomer(topology: Topology, newcomer: Newcomer): TopologyChange {
  const keyspaces = topology.keyspaces.map((keyspace) => {
    const isNamed = keyspace.copies.some(({ datacenter }) => datacenter === newcomer.datacenter);
    if (isNamed) return keyspace;
    const copies = [...keyspace.copies, { datacenter: newcomer.datacenter, count: COPIES_DEFAULT }];
    return { ...keyspace, copies: copies.sort((a, b) => compareText(a.datacenter, b.datacenter)) };
  });
  return addMember({ ...topology, keyspaces }, newcomer);
}
