/**
 * What other nodes ask of this one, given to whom it concerns by the number of the method.
 *
 * Invariant: of nodes that are no members of the cluster only what has to do with membership is answered.
 */
import type { Awaitable } from "../../base/awaitable.ts";
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { PayloadWriter } from "../../peer/frame-writer.ts";
import type { PeerId } from "../../peer/peer-identity.ts";
import type { PeerHandler } from "../../peer/peer-session.ts";

/** See PeerHandler. */
export type MethodHandler = (
  method: number,
  payload: ByteRange,
  from: PeerId,
  reply: PayloadWriter,
) => Awaitable<Uint8Array> | undefined;
/** For what needs no answer. */
export type MessageHandler = (method: number, payload: ByteRange, from: PeerId) => void;

/** Methods from 32 up to 47 are membership's: who asks with them may be a stranger yet. */
const MEMBERSHIP_METHODS = { first: 32, last: 47 };

export class PeerDoor implements PeerHandler {
  readonly #handlers = new Map<number, MethodHandler>();
  readonly #messageHandlers = new Map<number, MessageHandler>();
  readonly #isHeard: (id: PeerId, method: number) => boolean;

  /** `isHeard`: whether a method that is not membership's is open to that node. */
  constructor(isHeard: (id: PeerId, method: number) => boolean) {
    this.#isHeard = isHeard;
  }

  serve(methods: Iterable<number>, handler: MethodHandler): void {
    for (const method of methods) this.#handlers.set(method, handler);
  }

  listen(methods: Iterable<number>, handler: MessageHandler): void {
    for (const method of methods) this.#messageHandlers.set(method, handler);
  }

  onRequest(
    from: PeerId,
    method: number,
    payload: ByteRange,
    reply: PayloadWriter,
  ): Awaitable<Uint8Array> | undefined {
    const handler = this.#handlers.get(method);
    if (handler === undefined) throw refused(`there is no method ${method}`);
    if (!isMembership(method) && !this.#isHeard(from, method))
      throw refused(`${from} is no member of this cluster`);
    return handler(method, payload, from, reply);
  }

  onMessage(from: PeerId, method: number, payload: ByteRange): void {
    const handler = this.#messageHandlers.get(method);
    if (handler === undefined) throw refused(`there is no message ${method}`);
    if (!isMembership(method) && !this.#isHeard(from, method))
      throw refused(`${from} is no member of this cluster`);
    handler(method, payload, from);
  }
}

function isMembership(method: number): boolean {
  return method >= MEMBERSHIP_METHODS.first && method <= MEMBERSHIP_METHODS.last;
}

function refused(reason: string): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", reason);
}
