/**
 * Keeps this node's plan up to date: fetches what others have newer, tells everybody on this node of it, takes
 * newcomers in, and looks for members that have not been heard of where it was told to join.
 */
import type { Logger } from "../../base/logger.ts";
import { decodeGreeting, decodeReplaceRequest, type Greeting } from "../../membership/greeting.ts";
import { decodeClusterPlans, encodeClusterPlans } from "../../membership/membership-record.ts";
import { memberOf, type Topology } from "../../membership/topology.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { parseAddress } from "./address.ts";
import type { Admission } from "./admission.ts";
import type { ClusterView } from "./cluster-view.ts";
import { JOIN_METHOD, PLANS_METHOD, REPLACE_METHOD } from "./entrance.ts";
import type { Footing } from "./footing.ts";
import type { GossipRounds } from "./gossip-rounds.ts";
import { Strangers } from "./strangers.ts";

const TICK_MS = 1_000;
const FETCH_TIMEOUT_MS = 2_000;

export interface PlanKeeperParts {
  readonly runtime: Pick<Runtime, "clock">;
  /** Undefined where the plan cannot change. */
  readonly admission: Admission | undefined;
  readonly footing: Footing;
  readonly gossip: GossipRounds;
  readonly view: ClusterView;
  /** Told of a newer plan once the view has it. */
  readonly onTopology: (topology: Topology) => void;
  readonly logger: Logger;
}

export class PlanKeeper {
  readonly #parts: PlanKeeperParts;
  readonly #cancel: Cancel;
  readonly #fetching = new Set<NodeId>();
  #strangers: Strangers | undefined;
  #isSeeking = false;
  #isClosed = false;

  constructor(parts: PlanKeeperParts) {
    const { runtime, footing } = parts;
    const { membership, station } = footing;
    this.#parts = parts;
    station.door.serve([JOIN_METHOD], (_, { bytes, start, end }) =>
      this.#admit(decodeGreeting(bytes.slice(start, end)), undefined),
    );
    station.door.serve([REPLACE_METHOD], (_, { bytes, start, end }) => {
      const { replaced, greeting } = decodeReplaceRequest(bytes.slice(start, end));
      return this.#admit(greeting, replaced);
    });
    membership.onTopology = (topology) => this.#onTopology(topology);
    this.#cancel = runtime.clock.every(TICK_MS, () => this.#tick());
  }

  /** Asks a node for its plan, which is said to be newer. */
  renew(from: NodeId): void {
    if (this.#fetching.has(from)) return;
    this.#fetching.add(from);
    this.#ask(from)
      .catch((cause: unknown) => this.#parts.logger.debug({ cause, from }, "could not fetch a plan"))
      .finally(() => this.#fetching.delete(from));
  }

  /** Resolves when the plan is of a later epoch, or nobody was found who has such a one. */
  async renewBeyond(epoch: number): Promise<void> {
    const { view } = this.#parts;
    const asked = this.#others.filter((id) => view.isUp(id)).map((id) => this.#ask(id));
    const until = asked.map((each) =>
      each.then(() => {
        if (view.epoch <= epoch) throw new Error("it knows no newer one");
      }),
    );
    await Promise.any(until).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#strangers?.close();
  }

  async #admit({ self, address }: Greeting, replaced: NodeId | undefined): Promise<Uint8Array> {
    const { admission, footing } = this.#parts;
    if (admission === undefined) throw new Error("the plan of this cluster cannot change");
    const at = parseAddress(address);
    // Its acceptor is asked before it is a member.
    if (at !== undefined) footing.station.know(self.id, at);
    return encodeClusterPlans(await admission.admit(self, address, replaced));
  }

  async #ask(from: NodeId): Promise<void> {
    const { station, membership } = this.#parts.footing;
    const options = { timeoutMs: FETCH_TIMEOUT_MS };
    const { topology } = decodeClusterPlans(
      await station.call(from, PLANS_METHOD, new Uint8Array(0), options),
    );
    membership.adopt(topology);
  }

  #onTopology(topology: Topology): void {
    const { view, gossip, footing, onTopology } = this.#parts;
    const ids = new Set([...topology.members.map(({ id }) => id), ...topology.voters]);
    view.adopt(topology);
    gossip.retain(ids);
    gossip.tell({ epoch: topology.epoch });
    onTopology(topology);
    for (const id of [...footing.station.peers.links().keys()])
      if (!ids.has(id)) footing.station.peers.forget(id);
  }

  #tick(): void {
    if (this.#isCutOff || this.#isNoMember) for (const id of this.#others) this.renew(id);
    if (!this.#isSeeking) void this.#seek();
  }

  /** Nobody tells who has left what becomes of the plan. */
  get #isNoMember(): boolean {
    const { footing, view } = this.#parts;
    return memberOf(view.topology, footing.membership.id) === undefined;
  }

  /** True if no other member is heard of. It may be that they do not count this node as one any more. */
  get #isCutOff(): boolean {
    const { view, gossip } = this.#parts;
    const others = this.#others;
    return others.length > 0 && !others.some((id) => view.isUp(id) && gossip.stateOf(id) !== undefined);
  }

  get #others(): readonly NodeId[] {
    const { footing, view } = this.#parts;
    return view.topology.members.map(({ id }) => id).filter((id) => id !== footing.membership.id);
  }

  /** A member that has moved while this one had moved too is known by nobody; it may be where people say it is. */
  async #seek(): Promise<void> {
    const { footing, gossip, view } = this.#parts;
    const { membership, station, join } = footing;
    const isMissing = view.topology.members.some(({ id }) => gossip.stateOf(id) === undefined);
    if (!isMissing || join.length === 0) {
      this.#strangers?.close();
      this.#strangers = undefined;
      return;
    }
    this.#isSeeking = true;
    this.#strangers ??= new Strangers(station.peers, join);
    const heard = await this.#strangers.greet(footing.greeting());
    this.#isSeeking = false;
    if (this.#isClosed) return;
    for (const each of heard.values()) {
      if (each.kind !== "greeting" || !membership.isMember(each.greeting.self.id)) continue;
      const { self, address } = each.greeting;
      const at = parseAddress(address);
      if (at === undefined || gossip.stateOf(self.id) !== undefined) continue;
      membership.noteAddress(self.id, address);
      station.know(self.id, at);
    }
  }
}
