/**
 * Spreads cells among the nodes of this datacenter on behalf of a coordinator in another one, which has sent the cell here once.
 *
 *   before the answer    who fails is told as failed: the coordinator finds somebody who stands in
 *   after the answer     who fails is this node's concern: it keeps the hint itself
 *
 * Invariant: of everybody it was to bring the cell to, the answer says that it has it or has failed, or this node tries on and
 * keeps a hint. If it dies meanwhile, its coordinator hears of it, or the exchange of replicas finds what is missing.
 */
import type { Awaitable } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { encodeRelayed, type RelayCell, type RelayedState, type RelayTarget } from "./relay-message.ts";
import type { Answerer, AnswerReceiver, ReplicaCalls } from "./replica-calls.ts";
import type { CellRelay, HintKeeper } from "./replica-door.ts";
import { type Ack, decodeAck, encodeWriteCell, REPLICA_METHOD } from "./replica-message.ts";

/** As long as a coordinator waits for a write. */
const TIMEOUT_MS = 5_000;

export interface RelayParts {
  readonly calls: Pick<ReplicaCalls, "send">;
  readonly hints: HintKeeper;
}

export class Relay implements CellRelay {
  readonly #parts: RelayParts;

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** If `takeHere` throws, nobody is asked. */
  spread(request: RelayCell, takeHere: () => Awaitable<Ack>): Promise<Uint8Array> {
    const here = takeHere();
    const spreading = new Spreading(this.#parts, request);
    return spreading.begin(here);
  }
}

class Spreading implements AnswerReceiver {
  readonly #parts: RelayParts;
  readonly #request: RelayCell;
  /** Of this node, then of the targets; undefined: nothing is known yet. */
  readonly #states: (RelayedState | undefined)[];
  #waiting: number;
  #resolve: ((answer: Uint8Array) => void) | undefined;
  #reject: ((cause: unknown) => void) | undefined;

  constructor(parts: RelayParts, request: RelayCell) {
    this.#parts = parts;
    this.#request = request;
    this.#waiting = 1 + request.targets.length;
    this.#states = new Array<RelayedState | undefined>(this.#waiting).fill(undefined);
  }

  begin(here: Awaitable<Ack>): Promise<Uint8Array> {
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { epoch, ref, cell, targets } = this.#request;
    // By the coordinator's plan, not by this node's: who has a newer one refuses the coordinator.
    const plain = encodeWriteCell({ epoch, ref, cell, hintFor: undefined });
    for (const { id, hintFor } of targets) {
      const payload = hintFor === undefined ? plain : encodeWriteCell({ epoch, ref, cell, hintFor });
      this.#parts.calls.send(id, { method: REPLICA_METHOD.writeCell, payload, timeoutMs: TIMEOUT_MS }, this);
    }
    if (here instanceof Promise) {
      here.then(
        (ack) => this.#settle(0, ack),
        (cause: unknown) => this.#reject?.(cause),
      );
    } else this.#settle(0, here);
    return answer;
  }

  onReply({ id }: Answerer, { bytes, start, end }: ByteRange): void {
    try {
      this.#settle(this.#indexOf(id!), decodeAck(bytes.subarray(start, end)));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.onFailure({ id }, cause);
    }
  }

  onFailure({ id }: Answerer, cause: unknown): void {
    const index = this.#indexOf(id!);
    if (this.#resolve === undefined) this.#keepHint(this.#request.targets[index - 1]!);
    const failure =
      cause instanceof StoreError ? cause : new StoreError("IO", "unknown", "no answer", { cause });
    this.#settle(index, { failure });
  }

  #settle(index: number, state: RelayedState): void {
    this.#states[index] = state;
    this.#waiting--;
    if (this.#waiting > 0 && !this.#isEnough()) return;
    const states = this.#states.map((each) => each ?? "entrusted");
    this.#resolve?.(encodeRelayed(states));
    this.#resolve = undefined;
    this.#reject = undefined;
  }

  #isEnough(): boolean {
    const { targets, ackCount } = this.#request;
    let acked = 0;
    this.#states.forEach((state, i) => {
      const isOwn = i === 0 || targets[i - 1]!.hintFor === undefined;
      if (isOwn && state !== undefined && state !== "entrusted" && !("failure" in state)) acked++;
    });
    // Without its own there is no answer: who was sent the cell must say what has become of it.
    return this.#states[0] !== undefined && acked >= ackCount;
  }

  #keepHint({ id, hintFor }: RelayTarget): void {
    const { ref, cell } = this.#request;
    const target = hintFor ?? id;
    // No room for it, or no disk: then the exchange of replicas brings the cell there.
    this.#parts.hints.add(target, ref, cell, { isUrgent: false }).catch(() => undefined);
  }

  #indexOf(id: NodeId): number {
    return 1 + this.#request.targets.findIndex((target) => target.id === id);
  }
}
