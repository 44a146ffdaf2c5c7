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
   * it may be tried again.
   */
  async admit(newcomer: Newcomer, replaced: NodeId | undefined): Promise<ClusterPlans> {
    const { membership, register, isUp, logger } = this.#parts;
    const plans = membership.plans!;
    if (memberOf(plans.topology, newcomer.id) !== undefined) return plans;
    if (replaced !== undefined && isUp(replaced)) {
      throw new StoreError("INVALID_REQUEST", "not-applied", `${replaced} is up, and not to be replaced`);
    }
    await register.changeInTurn((topology): TopologyChange => {
      if (memberOf(topology, newcomer.id) !== undefined) return { kind: "changed", topology };
      return replaced === undefined
        ? withNewcomer(topology, newcomer)
        : replaceMember(topology, newcomer, replaced);
    });
    logger.info({ node: newcomer.id, replaced }, "a node is joining the cluster");
    return membership.plans!;
  }
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
