/**
 * One write's way to another datacenter: sent once, to a replica there that spreads it. Tells its round what the answer says of each
 * of them, or that it has to look after them itself.
 */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Participant } from "./quorum-need.ts";
import { decodeRelayed, type RelayedState } from "./relay-message.ts";
import type { Answerer, AnswerReceiver } from "./replica-calls.ts";

/** Somebody who shall have the cell: as his own, or as a hint. */
export interface Recipient {
  readonly member: Participant;
  readonly hintFor: Participant | undefined;
}

export interface LegOwner {
  onRelayed(recipient: Recipient, state: RelayedState): void;
  /** Nothing is known of anybody on it. */
  onBroken(leg: RelayLeg, failure: unknown): void;
}

export class RelayLeg implements AnswerReceiver {
  readonly relay: Recipient;
  readonly others: readonly Recipient[];
  readonly #owner: LegOwner;
  #isOpen = true;

  constructor(owner: LegOwner, relay: Recipient, others: readonly Recipient[]) {
    this.#owner = owner;
    this.relay = relay;
    this.others = others;
  }

  get recipients(): readonly Recipient[] {
    return [this.relay, ...this.others];
  }

  /** False once it has been answered, has failed, or is waited for no longer. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Somebody else looks after them from now on: only that they have the cell may still be told. */
  close(): void {
    this.#isOpen = false;
  }

  onReply(from: Answerer, { bytes, start, end }: ByteRange): void {
    const isOpen = this.#isOpen;
    try {
      const states = decodeRelayed(bytes.subarray(start, end), this.others.length);
      this.#isOpen = false;
      this.recipients.forEach((recipient, i) => {
        if (isOpen || isAck(states[i]!)) this.#owner.onRelayed(recipient, states[i]!);
      });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.onFailure(from, cause);
    }
  }

  onFailure(_: Answerer, failure: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#owner.onBroken(this, failure);
  }
}

function isAck(state: RelayedState): boolean {
  return state !== "entrusted" && !("failure" in state);
}
