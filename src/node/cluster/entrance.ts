/**
 * How this node becomes a member: asks those it was told to join until the answers say what to do (src/membership/entry.ts), and
 * does it. What others are told of it, they are told only once it is durable.
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { type Heard, metAmong, nextEntryStep } from "../../membership/entry.ts";
import { encodeGreeting, encodeReplaceRequest, type Greeting } from "../../membership/greeting.ts";
import { memberNamed, whyNobody } from "../../membership/member-name.ts";
import { decodeClusterPlans } from "../../membership/membership-record.ts";
import { memberOf, type Topology } from "../../membership/topology.ts";
import { foundTopologyOf, type Newcomer } from "../../membership/topology-change.ts";
import type { PeerAddress } from "../../peer/peer-identity.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { formatAddress } from "./address.ts";
import type { Membership } from "./membership.ts";
import type { PeerStation } from "./peer-station.ts";
import { Strangers } from "./strangers.ts";

export const PLANS_METHOD = 34;
export const JOIN_METHOD = 35;
export const REPLACE_METHOD = 37;
const PAUSE_MS = 100;
const CALL_TIMEOUT_MS = 5_000;
/** A newcomer is admitted by several rounds of the others. */
const JOIN_TIMEOUT_MS = 20_000;
/** What is waited for is told so often. */
const TELL_MS = 5_000;

export interface EntranceParts {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly station: PeerStation;
  readonly membership: Membership;
  readonly self: Newcomer;
  /** Where its peers reach this node. */
  readonly address: PeerAddress;
  readonly join: readonly PeerAddress[];
  /** A member that will not come back, whose place this node is to take: its id, or the beginning of that. */
  readonly replaces: string | undefined;
  readonly logger: Logger;
  /** Whether this node has rows from a life alone. */
  readonly hasRows: () => boolean;
  /** Aborted: stop trying. */
  readonly stop: AbortSignal | undefined;
}

export class Entrance {
  readonly #parts: EntranceParts;
  #heard: ReadonlyMap<string, Heard> = new Map();
  #toldMs = Number.NEGATIVE_INFINITY;
  #told = "";

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  /** What others are told of this node. */
  get greeting(): Greeting {
    const { self, address, membership } = this.#parts;
    return {
      self,
      address: formatAddress(address),
      met: metAmong(self, this.#heard),
      clusterId: membership.plans?.topology.clusterId ?? "",
    };
  }

  /**
   * Resolves when the node is a member. Rejects with StoreError: INVALID_SETTING if the cluster does not take it, CLOSED if
   * it was told to stop, IO.
   */
  async enter(): Promise<void> {
    const { station, join, hasRows } = this.#parts;
    if (join.length > 0 && hasRows()) {
      throw unfit(
        "it has data from a life alone, which a cluster would have to share out: start it without join",
      );
    }
    const strangers = new Strangers(station.peers, join);
    try {
      while (this.#parts.membership.plans === undefined) await this.#try(strangers);
    } finally {
      strangers.close();
    }
  }

  async #try(strangers: Strangers): Promise<void> {
    const { self, runtime, stop } = this.#parts;
    this.#heard = await strangers.greet(this.greeting);
    stop?.throwIfAborted();
    const step = nextEntryStep(self, this.#heard);
    if (step.kind === "found") return this.#found(step.founders);
    const reason = step.kind === "wait" ? step.reason : await this.#join(strangers, step.address);
    if (reason === undefined) return;
    this.#tell(reason);
    await runtime.clock.sleep(PAUSE_MS, stop);
  }

  async #found(founders: readonly Newcomer[]): Promise<void> {
    const { runtime, membership, logger } = this.#parts;
    const clusterId = Buffer.from(runtime.random.bytes(8)).toString("hex");
    const founded = foundTopologyOf(clusterId, founders);
    if (founded.kind === "refused") throw unfit(founded.reason);
    const { topology } = founded;
    this.#noteAddresses();
    await membership.enter({ founding: topology, topology });
    logger.info({ clusterId, members: founders.length }, "founded a cluster");
  }

  /** Undefined once this node is a member; else why not yet. */
  async #join(strangers: Strangers, address: string): Promise<string | undefined> {
    const { self, membership, logger } = this.#parts;
    try {
      let plans = decodeClusterPlans(
        await strangers.call(address, PLANS_METHOD, new Uint8Array(0), CALL_TIMEOUT_MS),
      );
      if (memberOf(plans.topology, self.id) === undefined) {
        plans = decodeClusterPlans(await this.#ask(strangers, address, plans.topology));
      }
      this.#noteAddresses();
      await membership.enter(plans);
      logger.info({ clusterId: plans.topology.clusterId, through: address }, "joined a cluster");
      return undefined;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      if (cause.code === "INVALID_SETTING") throw cause;
      if (cause.code === "INVALID_REQUEST") throw unfit(cause.message);
      return `${address} cannot take this node in yet: ${cause.message}`;
    }
  }

  #ask(strangers: Strangers, address: string, topology: Topology): Promise<Uint8Array> {
    const replaced = this.#replacedIn(topology);
    const { greeting } = this;
    return replaced === undefined
      ? strangers.call(address, JOIN_METHOD, encodeGreeting(greeting), JOIN_TIMEOUT_MS)
      : strangers.call(
          address,
          REPLACE_METHOD,
          encodeReplaceRequest({ replaced, greeting }),
          JOIN_TIMEOUT_MS,
        );
  }

  #replacedIn({ members }: Topology): NodeId | undefined {
    const { replaces } = this.#parts;
    if (replaces === undefined) return undefined;
    const named = memberNamed(members, replaces);
    if (named.kind === "found") return named.id;
    throw unfit(`it is to take the place of ${replaces}, but ${whyNobody(replaces, named)}`);
  }

  #noteAddresses(): void {
    for (const each of this.#heard.values()) {
      if (each.kind === "greeting")
        this.#parts.membership.noteAddress(each.greeting.self.id, each.greeting.address);
    }
  }

  #tell(reason: string): void {
    const { runtime, logger } = this.#parts;
    const nowMs = runtime.clock.monotonicMs();
    if (reason === this.#told && nowMs - this.#toldMs < TELL_MS) return;
    this.#told = reason;
    this.#toldMs = nowMs;
    logger.info({ reason }, "not a member of a cluster yet");
  }
}

function unfit(reason: string): StoreError {
  return new StoreError("INVALID_SETTING", "not-applied", `this node cannot join: ${reason}`);
}
