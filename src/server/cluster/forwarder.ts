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

interface Request {
  readonly forwarding: Forwarding;
  readonly stamp: Stamp | undefined;
  readonly isRepeatable: boolean;
  readonly endMs: number;
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
    const { slot, stamp, isRepeatable = false, isLocal = false } = forwarding;
    const endMs = this.#clock.monotonicMs() + TIMEOUT_MS;
    const stamped = {
      forwarding,
      stamp: stamp?.(),
      isRepeatable: isRepeatable || stamp !== undefined,
      endMs,
    };
    const plain = { forwarding, stamp: undefined, isRepeatable, endMs };
    let request: Request = stamped;
    let failure: StoreError | undefined;
    let isUncertain = false;
    let targets = [...this.othersWith(slot, isLocal)];
    for (;;) {
      if (endMs <= this.#clock.monotonicMs()) break;
      let id = targets.shift();
      if (id === undefined) {
        // Where slots have just moved, or a node has just died, those who have the slot now may be others.
        if (failure === undefined || !ELSEWHERE_SOON.has(failure.code)) break;
        await this.#lookAgain(failure);
        targets = [...this.othersWith(slot, isLocal)];
        id = targets.shift();
        if (id === undefined) break;
      }
      const attempted = await this.#attempt(id, request, targets.length === 0);
      if ("answer" in attempted) return isUncertain ? uncertain(attempted.answer) : attempted.answer;
      if (attempted.failure.outcome === "unknown") isUncertain = true;
      else if (UNSTAMPED_BETTER.has(attempted.failure.code) && request.stamp !== undefined) {
        if (isUncertain) continue; // under another stamp it would be another write
        request = plain;
        targets.unshift(id);
        continue;
      }
      failure = attempted.failure;
      if (isUncertain && !request.isRepeatable) break;
    }
    throw refused(isLocal ? `slot ${slot} in this datacenter` : `slot ${slot}`, failure, isUncertain);
  }

  async #lookAgain({ code }: StoreError): Promise<void> {
    const { view, renewPlan } = this.#cluster;
    if (code === "STALE_PLAN") await renewPlan?.(view.epoch);
    await this.#clock.sleep(PAUSE_MS);
  }

  async #attempt(id: NodeId, request: Request, isLast: boolean): Promise<Attempted> {
    const { calls, view } = this.#cluster;
    const { forwarding, stamp, isRepeatable, endMs } = request;
    const { method, encode, wallMs } = forwarding;
    const sentMs = this.#clock.monotonicMs();
    const leftMs = endMs - sentMs;
    const isOnly = isLast || !isRepeatable;
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

/** A replica that says NOTAPPLIED speaks of its own attempt: one before it may have been applied. */
function uncertain(answer: Uint8Array): Uint8Array {
  const text = Buffer.from(answer).toString("latin1");
  if (!/^-[A-Z]+ NOTAPPLIED /.test(text)) return answer;
  return Buffer.from(text.replace(" NOTAPPLIED ", " UNKNOWN "), "latin1");
}

function refused(place: string, cause: StoreError | undefined, isUncertain: boolean): StoreError {
  if (cause === undefined) {
    const text = `no replica of ${place} is up`;
    return new StoreError("QUORUM_UNAVAILABLE", "not-applied", text);
  }
  // A lost connection is no fault of this node's disk, which IO would say.
  const code = cause.code === "IO" ? "QUORUM_TIMEOUT" : cause.code;
  return new StoreError(code, isUncertain ? "unknown" : "not-applied", cause.message, { cause });
}
