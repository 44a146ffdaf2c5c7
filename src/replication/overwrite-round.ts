/**
 * One plain overwrite on its way to the other replicas of its row, as long as nothing is wrong: everybody was up when it
 * began, and answers in time. Whatever else happens is for a WriteRound, which is handed over what is known.
 *
 * Invariant: it is over, and may be used for another write, only once everybody who was asked has answered.
 *
 * Hot: of a write it makes nothing but the promise of its answer; watched by `bench -- cluster`.
 */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Aged } from "./age-list.ts";
import type { ConsistencyLevel, Participant } from "./quorum-need.ts";
import type { Answerer, AnswerReceiver } from "./replica-calls.ts";
import { type Ack, ackIn } from "./replica-message.ts";

/** A longer message is let go when the round is over. */
const KEPT_BYTES_MAX = 4 * 1024;

export interface RoundsOwner {
  /** It has its answer. Nothing is to be done. */
  onAnswered(round: OverwriteRound): void;
  /** Enough machines have the write: the answer has been given. Nothing is to be done. */
  onOver(round: OverwriteRound): void;
  /** Something is wrong: from now on it hears of answers by `settle` only. */
  onTrouble(round: OverwriteRound): void;
}

/** How far one replica is. */
type State = Ack | "waiting" | { readonly failure: unknown };

export class OverwriteRound implements AnswerReceiver, Aged<OverwriteRound> {
  older: OverwriteRound | undefined;
  newer: OverwriteRound | undefined;
  /** The request to the replicas: `bytes[0, end)`, of which the key is `[keyStart, cellStart)` and the cell the rest. */
  readonly payload: ByteRange = { bytes: new Uint8Array(256), start: 0, end: 0 };
  keyStart = 0;
  cellStart = 0;
  database = 0;
  slot = 0;
  isSloppy = false;
  level: ConsistencyLevel = "quorum";
  startedMs = 0;
  replicas: readonly Participant[] = [];
  readonly #owner: RoundsOwner;
  readonly #states: State[] = [];
  #missing = 0;
  #waiting = 0;
  /** After it was handed over: who waits for those that have not answered. */
  #settlers: Map<NodeId, (state: State) => void> | undefined;
  #reply: unknown;
  #resolve: ((reply: never) => void) | undefined;
  #reject: ((cause: unknown) => void) | undefined;

  constructor(owner: RoundsOwner) {
    this.#owner = owner;
  }

  /** Who has answered by then what is wanted resolves the promise, with `reply`. */
  begin<R>(replicas: readonly Participant[], machineCount: number, reply: R): Promise<R> {
    this.replicas = replicas;
    for (let i = 0; i < replicas.length; i++) this.#states[i] = "waiting";
    this.#missing = machineCount;
    this.#waiting = replicas.length;
    this.#reply = reply;
    return new Promise<R>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Room for a request of so many bytes. */
  reserve(length: number): Uint8Array {
    const { payload } = this;
    if (payload.bytes.length < length)
      payload.bytes = new Uint8Array(Math.max(length, 2 * payload.bytes.length));
    payload.end = length;
    return payload.bytes;
  }

  isWaitingFor(index: number): boolean {
    return this.#states[index] === "waiting";
  }

  onReply({ id }: Answerer, payload: ByteRange): void {
    try {
      this.onAck(id!, ackIn(payload));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.onFailure({ id }, cause);
    }
  }

  onAck(id: NodeId, ack: Ack): void {
    if (this.#settlers !== undefined) {
      this.#settlers.get(id)?.(ack);
      return;
    }
    this.#states[this.#indexOf(id)] = ack;
    if (--this.#missing === 0) this.#answer();
    if (--this.#waiting === 0) this.#end();
  }

  onFailure({ id }: Answerer, failure: unknown): void {
    if (this.#settlers !== undefined) {
      this.#settlers.get(id!)?.({ failure });
      return;
    }
    this.#states[this.#indexOf(id!)] = { failure };
    this.#owner.onTrouble(this);
  }

  /** What is known of everybody, and will be; from now on `answered` says what the client is told, if nothing has been said. */
  handOver(): ReadonlyMap<NodeId, Ack | Promise<Ack>> {
    this.#settlers = new Map();
    return new Map(this.replicas.map(({ id }, i) => [id, this.#holding(id, this.#states[i]!)]));
  }

  answered(done: Promise<unknown>): void {
    const [resolve, reject, reply] = [this.#resolve, this.#reject, this.#reply];
    done.then(
      () => resolve?.(reply as never),
      (cause: unknown) => reject?.(cause),
    );
  }

  #holding(id: NodeId, state: State): Ack | Promise<Ack> {
    if (state !== "waiting" && !("failure" in state)) return state;
    const promise = new Promise<Ack>((resolve, reject) => {
      const settle = (known: State): void => {
        if (known === "waiting") return;
        if ("failure" in known) reject(known.failure);
        else resolve(known);
      };
      settle(state);
      this.#settlers!.set(id, settle);
    });
    promise.catch(() => undefined); // of one who is no replica any more nobody may ask
    return promise;
  }

  #answer(): void {
    this.#owner.onAnswered(this);
    this.#resolve!(this.#reply as never);
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#reply = undefined;
  }

  #end(): void {
    if (this.payload.bytes.length > KEPT_BYTES_MAX) this.payload.bytes = new Uint8Array(KEPT_BYTES_MAX);
    this.#owner.onOver(this);
  }

  #indexOf(id: NodeId): number {
    const { replicas } = this;
    let index = 0;
    while (index < replicas.length && replicas[index]!.id !== id) index++;
    return index;
  }
}
