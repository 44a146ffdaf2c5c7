/**
 * Brings a request to a replica of its slot: the nearest that is up, and the next one if that surely has not done it.
 *
 * Invariant: what may have been done is not asked for again, unless doing it twice, or late, does no harm: an overwrite
 * under one stamp is one write, whoever makes it and whenever (ADR 0011), and so is a deletion of what it names.
 */
import { StoreError } from "../../base/errors.ts";
import type { Stamp } from "../../causality/cell-write.ts";
import { ATTEMPT_METHOD, encodeAttempt } from "../../replication/attempt-message.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** All attempts together; a little more than a coordinator waits for its replicas. */
const TIMEOUT_MS = 4_000;
/** What may be asked for twice is asked of the next one if there is no answer for so long, or so many times the usual. */
const LATE_MS = 150;
const LATE_P99S = 4;
/** Before all are asked again. */
const PAUSE_MS = 50;
const ELSEWHERE_SOON: ReadonlySet<string> = new Set(["STALE_PLAN", "IO"]);

export interface Forwarding {
  readonly slot: number;
  readonly method: number;
  /** The payload, for a receiver that is waited for so long. */
  encode(timeoutMs: number): Uint8Array;
  /** By which its expiries are reckoned. */
  readonly wallMs: number;
  /** True if it does no harm twice, or late, as it is. */
  readonly isRepeatable?: boolean;
  /** True if only replicas of this datacenter can do it: see isLocal of consistency.ts. */
  readonly isLocal?: boolean;
  /** Of a plain overwrite: gives it the stamp that makes it repeatable. */
  readonly stamp: (() => Stamp) | undefined;
}

/** A request on its way. */
interface Asking {
  readonly forwarding: Forwarding;
  stamp: Stamp | undefined;
  isRepeatable: boolean;
  readonly endMs: number;
  /** Who can be asked yet, in this order. */
  targets: NodeId[];
  /** The last one. */
  failure: StoreError | undefined;
  /** True once it may have been done, though nobody has said so. */
  isUncertain: boolean;
}

type Attempted = { readonly answer: Uint8Array } | { readonly failure: StoreError };

export class Forwarder {
  readonly #cluster: Pick<ServedCluster, "view" | "calls" | "renewPlan">;
  readonly #clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly #life: number;

  /** `life`: see Attempt. */
  constructor(
    cluster: Pick<ServedCluster, "view" | "calls" | "renewPlan">,
    clock: Pick<Clock, "monotonicMs" | "sleep">,
    life: number,
  ) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#life = life;
  }

  /** The first answer. Rejects with StoreError. */
  async ask(forwarding: Forwarding): Promise<Uint8Array> {
    const asking = this.#begin(forwarding);
    for (let id = await this.#next(asking); id !== undefined; id = await this.#next(asking)) {
      const attempted = await this.#attempt(id, asking);
      if ("answer" in attempted) return asking.isUncertain ? uncertain(attempted.answer) : attempted.answer;
      if (!mayGoOn(asking, id, attempted.failure)) break;
    }
    throw refused(asking);
  }

  #begin(forwarding: Forwarding): Asking {
    const { stamp, isRepeatable = false } = forwarding;
    return {
      forwarding,
      stamp: stamp?.(),
      isRepeatable: isRepeatable || stamp !== undefined,
      endMs: this.#clock.monotonicMs() + TIMEOUT_MS,
      targets: this.#targetsOf(forwarding),
      failure: undefined,
      isUncertain: false,
    };
  }

  /** Whom to ask now; undefined if there is nobody, or no time. */
  async #next(asking: Asking): Promise<NodeId | undefined> {
    const { targets, failure, endMs } = asking;
    if (endMs <= this.#clock.monotonicMs()) return undefined;
    if (targets.length === 0 && failure !== undefined && ELSEWHERE_SOON.has(failure.code)) {
      // Where slots have just moved, or a node has just died, those who have the slot now may be others.
      await this.#lookAgain(failure);
      asking.targets = this.#targetsOf(asking.forwarding);
    }
    return asking.targets.shift();
  }

  async #lookAgain({ code }: StoreError): Promise<void> {
    const { view, renewPlan } = this.#cluster;
    if (code === "STALE_PLAN") await renewPlan?.(view.epoch);
    await this.#clock.sleep(PAUSE_MS);
  }

  async #attempt(id: NodeId, asking: Asking): Promise<Attempted> {
    const { calls, view } = this.#cluster;
    const { stamp, endMs, targets, isRepeatable } = asking;
    const { method, encode, wallMs } = asking.forwarding;
    const sentMs = this.#clock.monotonicMs();
    const leftMs = endMs - sentMs;
    const isOnly = targets.length === 0 || !isRepeatable;
    const timeoutMs = isOnly ? leftMs : Math.min(leftMs, Math.max(LATE_MS, LATE_P99S * view.p99Ms(id)));
    const life = this.#life;
    const sent = { life, sentMs, patienceMs: timeoutMs, wallMs, stamp, method, payload: encode(timeoutMs) };
    try {
      const payload = encodeAttempt(view.epoch, sent);
      return { answer: await calls.call(id, ATTEMPT_METHOD, payload, { timeoutMs }) };
    } catch (failure) {
      if (failure instanceof StoreError) return { failure };
      throw failure;
    }
  }

  #targetsOf({ slot, isLocal }: Forwarding): NodeId[] {
    return [...this.othersWith(slot, isLocal)];
  }

  /** The other replicas of the slot that are up, the nearest first. */
  othersWith(slot: number, isLocal = false): readonly NodeId[] {
    const { view } = this.#cluster;
    const replicas = view.replicasOf(slot);
    const { datacenter } = view.self;
    return (isLocal ? replicas.filter((replica) => replica.datacenter === datacenter) : replicas)
      .map(({ id }) => id)
      .filter((id) => id !== view.self.id && view.isUp(id))
      .sort((a, b) => view.distanceTo(a) - view.distanceTo(b) || compareText(a, b));
  }
}

/** A stamp of this node's is refused: its clock is far ahead, or too many nodes have stamped what is there. */
export const UNSTAMPED_BETTER: ReadonlySet<string> = new Set(["CLOCK_SKEW", "TOO_MANY_SIBLINGS"]);

/** Learns from a failure; true if another one may be asked, or the same one otherwise. */
function mayGoOn(asking: Asking, id: NodeId, failure: StoreError): boolean {
  if (failure.outcome === "unknown") {
    asking.isUncertain = true;
  } else if (UNSTAMPED_BETTER.has(failure.code) && asking.stamp !== undefined) {
    if (asking.isUncertain) return true; // under another stamp it would be another write
    asking.stamp = undefined;
    asking.isRepeatable = asking.forwarding.isRepeatable === true;
    asking.targets.unshift(id);
    return true;
  }
  asking.failure = failure;
  return !asking.isUncertain || asking.isRepeatable;
}

/** A replica that says NOTAPPLIED speaks of its own attempt: one before it may have been applied. */
function uncertain(answer: Uint8Array): Uint8Array {
  const text = Buffer.from(answer).toString("latin1");
  if (!/^-[A-Z]+ NOTAPPLIED /.test(text)) return answer;
  return Buffer.from(text.replace(" NOTAPPLIED ", " UNKNOWN "), "latin1");
}

function refused({ forwarding: { slot, isLocal }, failure, isUncertain }: Asking): StoreError {
  if (failure === undefined) {
    const place = isLocal ? `slot ${slot} in this datacenter` : `slot ${slot}`;
    return new StoreError("QUORUM_UNAVAILABLE", "not-applied", `no replica of ${place} is up`);
  }
  // A lost connection is no fault of this node's disk, which IO would say.
  const code = failure.code === "IO" ? "QUORUM_TIMEOUT" : failure.code;
  return new StoreError(code, isUncertain ? "unknown" : "not-applied", failure.message, { cause: failure });
}
