/**
 * Brings a request to a replica of its slot: the nearest that is up, and the next one if that surely has not done it.
 *
 * Invariant: what may have been done is not asked for again, unless doing it twice does no harm.
 */
import { StoreError } from "../../base/errors.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** All attempts together; a little more than a coordinator waits for its replicas. */
const TIMEOUT_MS = 4_000;
/** What may be asked for twice is asked of the next one if there is no answer for so long, or so many times the usual. */
const LATE_MS = 150;
const LATE_P99S = 4;

export interface Forwarding {
  readonly slot: number;
  readonly method: number;
  /** The payload, for a receiver that is waited for so long. */
  encode(timeoutMs: number): Uint8Array;
  readonly isRepeatable: boolean;
}

export class Forwarder {
  readonly #cluster: Pick<ServedCluster, "view" | "calls">;
  readonly #clock: Pick<Clock, "monotonicMs">;

  constructor(cluster: Pick<ServedCluster, "view" | "calls">, clock: Pick<Clock, "monotonicMs">) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** The first answer. Rejects with StoreError. */
  async ask({ slot, method, encode, isRepeatable }: Forwarding): Promise<Uint8Array> {
    const { calls, view } = this.#cluster;
    const endMs = this.#clock.monotonicMs() + TIMEOUT_MS;
    const targets = this.othersWith(slot);
    let failure: StoreError | undefined;
    let isUncertain = false;
    for (const [i, id] of targets.entries()) {
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0) break;
      const isLast = !isRepeatable || i === targets.length - 1;
      const timeoutMs = isLast ? leftMs : Math.min(leftMs, Math.max(LATE_MS, LATE_P99S * view.p99Ms(id)));
      try {
        const answer = await calls.call(id, method, encode(timeoutMs), { timeoutMs });
        return isUncertain ? uncertain(answer) : answer;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        failure = cause;
        if (cause.outcome === "unknown") isUncertain = true;
        if (isUncertain && !isRepeatable) break;
      }
    }
    throw refused(slot, failure, isUncertain);
  }

  /** The other replicas of the slot that are up, the nearest first. */
  othersWith(slot: number): readonly NodeId[] {
    const { view } = this.#cluster;
    return view
      .replicasOf(slot)
      .map(({ id }) => id)
      .filter((id) => id !== view.self.id && view.isUp(id))
      .sort((a, b) => view.distanceTo(a) - view.distanceTo(b) || compareText(a, b));
  }
}

/** A replica that says NOTAPPLIED speaks of its own attempt: one before it may have been applied. */
function uncertain(answer: Uint8Array): Uint8Array {
  const text = Buffer.from(answer).toString("latin1");
  if (!/^-[A-Z]+ NOTAPPLIED /.test(text)) return answer;
  return Buffer.from(text.replace(" NOTAPPLIED ", " UNKNOWN "), "latin1");
}

function refused(slot: number, cause: StoreError | undefined, isUncertain: boolean): StoreError {
  if (cause === undefined) {
    const text = `no replica of slot ${slot} is up`;
    return new StoreError("QUORUM_UNAVAILABLE", "not-applied", text);
  }
  // A lost connection is no fault of this node's disk, which IO would say.
  const code = cause.code === "IO" ? "QUORUM_TIMEOUT" : cause.code;
  return new StoreError(code, isUncertain ? "unknown" : "not-applied", cause.message, { cause });
}
