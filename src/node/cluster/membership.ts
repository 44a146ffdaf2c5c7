/**
 * This node's membership: who it is, the cluster's plan as far as it knows, and where the others are. Remembered on disk, so
 * that it outlasts restarts and moves.
 *
 * Invariant: a plan gives way only to a newer one of the same cluster.
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { DocumentFile } from "../../membership/document-file.ts";
import {
  type ClusterPlans,
  decodeMembershipRecord,
  encodeMembershipRecord,
} from "../../membership/membership-record.ts";
import { memberOf, type Topology } from "../../membership/topology.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Runtime } from "../../runtime/runtime.ts";

export class Membership {
  readonly id: NodeId;
  /** Of this life: above that of every earlier one. */
  readonly generation: number;
  /** Told of a newer topology, at once. */
  onTopology: ((topology: Topology) => void) | undefined;
  readonly #file: DocumentFile | undefined;
  readonly #logger: Logger;
  readonly #addresses: Map<NodeId, string>;
  #plans: ClusterPlans | undefined;
  /** By the plan that came last. */
  #departed: ReadonlySet<NodeId> = new Set();

  /** Takes up what is remembered, or begins as nobody's member under a new id. Rejects with StoreError IO or CORRUPTION. */
  static async open(
    { clock, random }: Pick<Runtime, "clock" | "random">,
    file: DocumentFile,
    logger: Logger,
  ): Promise<Membership> {
    const bytes = await file.load();
    const record = bytes === undefined ? undefined : decoded(bytes, file);
    const membership = new Membership(
      {
        id: record?.id ?? hexOf(random.bytes(8)),
        generation: Math.max(clock.wallMs(), (record?.generation ?? 0) + 1),
        plans: record?.plans,
        addresses: new Map(record?.addresses.map(({ id, address }) => [id, address])),
      },
      logger,
      file,
    );
    await membership.#save();
    return membership;
  }

  /** Without a file, nothing is remembered. */
  constructor(
    begin: {
      readonly id: NodeId;
      readonly generation: number;
      readonly plans: ClusterPlans | undefined;
      readonly addresses: Map<NodeId, string>;
    },
    logger: Logger,
    file?: DocumentFile,
  ) {
    this.id = begin.id;
    this.generation = begin.generation;
    this.#plans = begin.plans;
    this.#addresses = begin.addresses;
    this.#logger = logger;
    this.#file = file;
  }

  /** Undefined until the node is a member. */
  get plans(): ClusterPlans | undefined {
    return this.#plans;
  }

  /** "host:port" of each node's peer door, where it was last. */
  get addresses(): ReadonlyMap<NodeId, string> {
    return this.#addresses;
  }

  isMember(id: NodeId): boolean {
    return this.#plans !== undefined && memberOf(this.#plans.topology, id) !== undefined;
  }

  /** Also who left by the present plan, or votes until it has: it passes on what its clients ask until it has stopped. */
  isHeard(id: NodeId): boolean {
    return this.isMember(id) || this.#departed.has(id) || this.#plans?.topology.voters.includes(id) === true;
  }

  /** Becomes a member. Resolves when that is durable. */
  async enter(plans: ClusterPlans): Promise<void> {
    assert(this.#plans === undefined, "a node enters one cluster, once");
    this.#plans = plans;
    await this.#save();
  }

  /** Takes a committed topology over if it is newer. */
  adopt(topology: Topology): void {
    const plans = this.#plans;
    assert(plans !== undefined, "only members have topologies");
    if (topology.clusterId !== plans.founding.clusterId || topology.epoch <= plans.topology.epoch) return;
    this.#plans = { founding: plans.founding, topology };
    const before = [...plans.topology.members.map(({ id }) => id), ...plans.topology.voters];
    this.#departed = new Set(before.filter((id) => !this.isMember(id)));
    for (const id of this.#addresses.keys())
      if (memberOf(topology, id) === undefined && !topology.voters.includes(id)) this.#addresses.delete(id);
    this.#saveSoon();
    this.#logger.info(
      { epoch: topology.epoch, members: topology.members.length },
      "the cluster has a new plan",
    );
    this.onTopology?.(topology);
  }

  noteAddress(id: NodeId, address: string): void {
    if (this.#addresses.get(id) === address) return;
    this.#addresses.set(id, address);
    this.#saveSoon();
  }

  /** Resolves when nothing is being saved. */
  async close(): Promise<void> {
    await this.#file?.settled();
  }

  /** What is lost so can be asked of others again. */
  #saveSoon(): void {
    this.#save().catch((cause: unknown) => {
      this.#logger.error({ cause }, "what this node knows of the cluster could not be saved");
    });
  }

  async #save(): Promise<void> {
    const addresses = [...this.#addresses].map(([id, address]) => ({ id, address }));
    const { id, generation } = this;
    await this.#file?.save(encodeMembershipRecord({ id, generation, plans: this.#plans, addresses }));
  }
}

function decoded(bytes: Uint8Array, file: DocumentFile) {
  try {
    return decodeMembershipRecord(bytes);
  } catch (cause) {
    const text = `${file.path} is damaged; without it this node is no member of its cluster any more`;
    throw new StoreError("CORRUPTION", "not-applied", text, { cause });
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
