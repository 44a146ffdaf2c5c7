/**
 * Turns of members that are about to open their data anew: never two at once that keep copies of the same slots.
 *
 *   asker -> every other member that shares slots with it, and itself, one after the other in the order of ids:  "is it my turn?"
 *   each  -> yes, if it has promised itself to nobody else                     no: the asker lets go of all, and asks again later
 *
 * All ask in the same order, so that of two who ask at once one gets all it needs. A promise is kept for so long that who got it has come
 * back and been given what it lacks; nobody takes it back, since who has reopened has forgotten that he asked.
 *
 *   offset  size  field
 *        0     1  0 asks, 1 lets go           the answer: 1 yes, 0 no
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { PeerCalls } from "../../replication/replica-calls.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { PeerDoor } from "./peer-door.ts";

export const REOPENING_METHOD = 98;

/** Hours of rows are no matter: what is damaged is a table or some. */
const PROMISE_MS = 180_000;
const TIMEOUT_MS = 2_000;
const ASKS = 0;
const LETS_GO = 1;

export interface ReopeningTurnsParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly self: NodeId;
  /** Members that share slots with this one. */
  readonly partners: () => readonly NodeId[];
  readonly peers: Pick<PeerCalls, "call">;
  readonly door: Pick<PeerDoor, "serve">;
}

export class ReopeningTurns {
  readonly #parts: ReopeningTurnsParts;
  #promisedTo: NodeId | undefined;
  #promisedMs = 0;

  constructor(parts: ReopeningTurnsParts) {
    this.#parts = parts;
    parts.door.serve([REOPENING_METHOD], (_, payload, from) => this.#answer(payload, from));
  }

  /** Resolves to whether it is this node's turn now. Never rejects but by a defect. */
  async take(): Promise<boolean> {
    const { self, partners } = this.#parts;
    const order = [...new Set([self, ...partners()])].sort(compareText);
    const promised: NodeId[] = [];
    for (const id of order) {
      const isMine = id === self ? this.#promise(self) : await this.#ask(id, ASKS);
      promised.push(id);
      if (isMine) continue;
      for (const other of promised) {
        if (other === self) this.#release(self);
        else await this.#ask(other, LETS_GO);
      }
      return false;
    }
    return true;
  }

  #answer({ bytes, start }: ByteRange, from: NodeId): Uint8Array {
    if (bytes[start] === LETS_GO) {
      this.#release(from);
      return Uint8Array.of(1);
    }
    return Uint8Array.of(this.#promise(from) ? 1 : 0);
  }

  #promise(id: NodeId): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    const isTaken = this.#promisedTo !== undefined && nowMs - this.#promisedMs < PROMISE_MS;
    if (isTaken && this.#promisedTo !== id) return false;
    this.#promisedTo = id;
    this.#promisedMs = nowMs;
    return true;
  }

  #release(id: NodeId): void {
    if (this.#promisedTo === id) this.#promisedTo = undefined;
  }

  async #ask(id: NodeId, what: number): Promise<boolean> {
    try {
      const options = { timeoutMs: TIMEOUT_MS };
      const answer = await this.#parts.peers.call(id, REOPENING_METHOD, Uint8Array.of(what), options);
      return answer[0] === 1;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      return cause.code === "INVALID_REQUEST"; // of a version that does not know of turns: it opens its own when it likes
    }
  }
}
