/**
 * What this node's door does for other doors: runs requests whose keys this node keeps, makes changes, shows keys and counts.
 *
 * Invariant: an answer is what the client may be told; an error means that the sender should ask somebody else, if it
 * is not applied. So what is wrong with the request itself is answered, not thrown.
 */
import type { Awaitable } from "../../base/awaitable.ts";
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { ATTEMPT_METHOD, decodeAttempt } from "../../replication/attempt-message.ts";
import {
  DOOR_METHOD,
  decodeApplyChange,
  decodeForward,
  encodeForwardAnswer,
} from "../../replication/forward-message.ts";
import {
  decodeCountRows,
  decodeFlushKeys,
  decodeWalkKeys,
  encodeCountsAnswer,
  encodeKeysAnswer,
} from "../../replication/sweep-message.ts";
import { decodeTransact, encodeRepliesAnswer } from "../../replication/transact-message.ts";
import type { Reply } from "../../resp/reply.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { CommandError, type KeyCommand, type RunnableCommand } from "../command-shape.ts";
import { isKeyCommand } from "../run-on-replica.ts";
import type { ClusterKeys } from "./cluster-keys.ts";
import type { ClusterTransactions } from "./cluster-transactions.ts";
import { UNASKED } from "./consistency.ts";
import type { EncodedReplies } from "./encoded-replies.ts";
import { UNSTAMPED_BETTER } from "./forwarder.ts";
import type { KeyFlush } from "./key-flush.ts";
import { asSent, type SentHere } from "./keyed-call.ts";
import type { LocalKeys } from "./local-keys.ts";
import { Punctuality } from "./punctuality.ts";
import type { ServedCluster } from "./served-cluster.ts";

export interface PeerRequestsParts {
  readonly cluster: ServedCluster;
  readonly keys: ClusterKeys;
  readonly transactions: ClusterTransactions;
  readonly localKeys: LocalKeys;
  readonly flush: KeyFlush;
  readonly replies: EncodedReplies;
  readonly clock: Pick<Clock, "monotonicMs" | "wallMs">;
  /** The command that the request is of. Throws CommandError. */
  commandOf(args: readonly Uint8Array[]): RunnableCommand;
  /** What a client reads when this was thrown. Throws again what is a bug. */
  refusal(cause: unknown): Reply;
  /** False if this node has no memory left. */
  makeRoom(): boolean;
}

export class PeerRequests {
  readonly #parts: PeerRequestsParts;
  readonly #punctuality = new Punctuality();

  constructor(parts: PeerRequestsParts) {
    this.#parts = parts;
    parts.cluster.serve([...Object.values(DOOR_METHOD), ATTEMPT_METHOD], (method, payload, from) =>
      this.#receive(method, payload, from),
    );
  }

  #receive(method: number, { bytes, start, end }: ByteRange, from: NodeId): Awaitable<Uint8Array> {
    const payload = bytes.slice(start, end);
    if (method !== ATTEMPT_METHOD) return this.#answer(method, payload, ON_TRUST);
    const attempt = decodeAttempt(payload);
    const { clock } = this.#parts;
    const wallLagMs = clock.wallMs() - attempt.wallMs;
    const deadlineMs = this.#punctuality.deadlineMs(from, { ...attempt, wallLagMs }, clock.monotonicMs());
    const requireInTime = (): void => {
      if (clock.monotonicMs() <= deadlineMs) return;
      const text = `it was under way for longer than the ${attempt.patienceMs} ms that its sender waits`;
      throw new StoreError("QUORUM_TIMEOUT", "not-applied", text);
    };
    requireInTime();
    return this.#answer(attempt.method, attempt.payload, { ...attempt, requireInTime });
  }

  #answer(method: number, payload: Uint8Array, sent: Sent): Awaitable<Uint8Array> {
    const { localKeys } = this.#parts;
    switch (method) {
      case DOOR_METHOD.forward:
        return this.#forward(payload, sent);
      case DOOR_METHOD.applyChange:
        return this.#apply(payload, sent);
      case DOOR_METHOD.walkKeys:
        return localKeys.walk(decodeWalkKeys(payload)).then(encodeKeysAnswer);
      case DOOR_METHOD.countRows:
        return encodeCountsAnswer(localKeys.count(decodeCountRows(payload)));
      case DOOR_METHOD.flushKeys:
        return this.#parts.flush
          .flushHere(decodeFlushKeys(payload), sent)
          .then((place) => encodeKeysAnswer({ place, keys: [] }));
      case DOOR_METHOD.transact:
        return this.#transact(payload, sent);
      default:
        throw new StoreError("INVALID_REQUEST", "not-applied", `doors have no method ${method}`);
    }
  }

  async #forward(payload: Uint8Array, sentHere: Sent): Promise<Uint8Array> {
    const { keys, replies, clock } = this.#parts;
    const { database, protocol, read, write, wantsReceipt, args } = decodeForward(payload);
    const version = protocol === 3 ? 3 : 2;
    try {
      const call = { database, protocol: version, asked: { read, write }, wantsReceipt, args } as const;
      const command = this.#keyCommandOf(args);
      const wallMs = sentHere.stamp === undefined ? clock.wallMs() : sentHere.wallMs;
      const outcome = await keys.run({ ...call, command, wallMs, sentHere });
      const receipt = wantsReceipt ? outcome.receipt : undefined;
      return encodeForwardAnswer({ receipt, reply: replies.encode(outcome.reply, version) });
    } catch (cause) {
      const reply = replies.encode(this.#told(cause, sentHere), version);
      return encodeForwardAnswer({ receipt: undefined, reply });
    }
  }

  async #apply(payload: Uint8Array, sentHere: Sent): Promise<Uint8Array> {
    const { keys, cluster } = this.#parts;
    const { ref, write, change } = decodeApplyChange(payload);
    const slot = slotOf(ref.key);
    keys.requireKept(slot);
    const options = keys.writeOptions(ref.key, { ...UNASKED, write }, true);
    const step = () => ({ reply: undefined, change: asSent(change, 0, sentHere) });
    const { receipt } = await cluster.coordinator.update(ref, options, step);
    return encodeForwardAnswer({ receipt, reply: NO_BYTES });
  }

  async #transact(payload: Uint8Array, sentHere: Sent): Promise<Uint8Array> {
    const { transactions } = this.#parts;
    const { protocol, read, write, watches, calls } = decodeTransact(payload);
    const placed = calls.map(({ database, args }) => ({ database, args, command: this.#keyCommandOf(args) }));
    const transaction = { protocol, asked: { read, write }, watches, calls: placed };
    return encodeRepliesAnswer(await transactions.runHere(transaction, sentHere));
  }

  #keyCommandOf(args: readonly Uint8Array[]): KeyCommand {
    const command = this.#parts.commandOf(args);
    if (!isKeyCommand(command)) throw new CommandError(`ERR '${command.name}' is not run for other nodes`);
    if (command.flags.includes("denyoom") && !this.#parts.makeRoom()) {
      throw new StoreError("OUT_OF_MEMORY", "not-applied", "this node has no memory left");
    }
    return command;
  }

  /** What the client is told. What another replica might do better is thrown again. */
  #told(cause: unknown, { stamp }: Sent): Reply {
    if (cause instanceof StoreError && cause.outcome === "not-applied") {
      if (ELSEWHERE_BETTER.has(cause.code)) throw cause;
      if (stamp !== undefined && UNSTAMPED_BETTER.has(cause.code)) throw cause;
    }
    return this.#parts.refusal(cause);
  }
}

interface Sent extends SentHere {
  /** By the sender's clock. */
  readonly wallMs: number;
}

/** Of a request that says nothing of when it was sent. */
const ON_TRUST: Sent = { stamp: undefined, wallMs: 0, requireInTime: () => undefined };

const ELSEWHERE_BETTER: ReadonlySet<string> = new Set([
  "STALE_PLAN",
  "OVERLOADED",
  "QUORUM_UNAVAILABLE",
  "QUORUM_TIMEOUT",
  "CLOSED",
  "IO",
]);
const NO_BYTES = new Uint8Array(0);
