/**
 * Transactions (MULTI, EXEC) of a cluster: all keys are of one slot, and one replica of it runs the whole. It brings its copy
 * up to date by the read level first, runs all calls at once, as a node alone does, and then brings what has changed to
 * the other replicas: so clients of that replica see all of it or nothing. At other replicas, keys may arrive one after
 * the other; and a transaction that another replica runs at the same time is concurrent: neither has seen the other.
 */
import type { Awaitable } from "../../base/awaitable.ts";
import { StoreError } from "../../base/errors.ts";
import { keyspacesOf } from "../../membership/keyspaces.ts";
import type { Within } from "../../replication/cell-store.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import type { LocalReplica } from "../../replication/local-replica.ts";
import { byNewestPlan } from "../../replication/newest-plan.ts";
import type { KeyRef } from "../../replication/step.ts";
import { decodeRepliesAnswer, encodeTransact } from "../../replication/transact-message.ts";
import type { Reply } from "../../resp/reply.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { KeyCommand } from "../command-shape.ts";
import { keyRefsOf } from "../key-refs.ts";
import { runOnReplica } from "../run-on-replica.ts";
import type { ClusterKeys } from "./cluster-keys.ts";
import type { AskedLevels } from "./consistency.ts";
import type { EncodedReplies } from "./encoded-replies.ts";
import type { Forwarder } from "./forwarder.ts";
import { distinctRefs, type SentHere } from "./keyed-call.ts";
import type { ServedCluster } from "./served-cluster.ts";

export interface PlacedCall {
  readonly database: number;
  readonly command: KeyCommand;
  readonly args: readonly Uint8Array[];
}

export interface ClusterTransaction {
  readonly protocol: 2 | 3;
  readonly asked: AskedLevels;
  /** It runs only if each of these keys has still this version. */
  readonly watches: readonly { readonly ref: KeyRef; readonly version: string }[];
  readonly calls: readonly PlacedCall[];
}

export interface ClusterTransactionsParts {
  readonly cluster: ServedCluster;
  readonly keys: ClusterKeys;
  readonly replica: LocalReplica;
  readonly forwarder: Forwarder;
  readonly replies: EncodedReplies;
  readonly clock: Pick<Clock, "wallMs">;
  readonly settings: { readonly valueBytesMax: number };
  refusal(cause: unknown): Reply;
}

export class ClusterTransactions {
  readonly #parts: ClusterTransactionsParts;

  constructor(parts: ClusterTransactionsParts) {
    this.#parts = parts;
  }

  /**
   * Each call's reply, or undefined, with nothing run, if a watched key has changed. Requires: all keys are of `slot`, and
   * there is one.
   */
  run(slot: number, transaction: ClusterTransaction): Promise<readonly Uint8Array[] | undefined> {
    return byNewestPlan(this.#parts.keys.plans, () => this.#attempt(slot, transaction));
  }

  async #attempt(slot: number, transaction: ClusterTransaction): Promise<readonly Uint8Array[] | undefined> {
    const { cluster, keys, forwarder, clock } = this.#parts;
    if (keys.keepsSlot(slot)) return this.runHere(transaction, undefined);
    const { protocol, asked, watches, calls } = transaction;
    const payload = encodeTransact({ epoch: cluster.view.epoch, protocol, ...asked, watches, calls });
    const { transact: method } = DOOR_METHOD;
    const wallMs = clock.wallMs();
    const isLocal = keys.isLocal(refsOf(transaction)[0]!.key, asked);
    return decodeRepliesAnswer(
      await forwarder.ask({ slot, method, encode: () => payload, wallMs, isLocal, stamp: undefined }),
    );
  }

  /** Throws StoreError: not applied if this node does not keep its keys. */
  async runHere(
    transaction: ClusterTransaction,
    sentHere: SentHere | undefined,
  ): Promise<readonly Uint8Array[] | undefined> {
    const { cluster, keys, replica, clock } = this.#parts;
    const { watches, asked } = transaction;
    const refs = distinctRefs(refsOf(transaction));
    const slot = slotOf(refs[0]!.key);
    if (!refs.every(({ key }) => slotOf(key) === slot)) {
      throw new StoreError("INVALID_REQUEST", "not-applied", "a transaction's keys are of one slot");
    }
    keys.requireKept(slot);
    const options = keys.writeOptions(refs[0]!.key, asked, false);
    const wallMs = clock.wallMs();
    const watched = watches.map((watch) => ({ ...watch, hash: 0, isWritten: false }));
    const { reply } = await cluster.coordinator.updateAll(refs, options, () =>
      replica.transact({ refs, watches: watched, wallMs }, (within) => {
        sentHere?.requireInTime();
        keys.requireKept(slot);
        return this.#runAll(transaction, within, wallMs);
      }),
    );
    return reply;
  }

  #runAll(
    { calls, protocol }: ClusterTransaction,
    within: Within,
    wallMs: number,
  ): Awaitable<readonly Uint8Array[]> {
    const { replies } = this.#parts;
    const all: Uint8Array[] = [];
    const runFrom = (start: number): Awaitable<readonly Uint8Array[]> => {
      for (let i = start; i < calls.length; i++) {
        const reply = within(() => this.#runOne(calls[i]!, wallMs));
        if (reply instanceof Promise) {
          return reply.then((late) => {
            all.push(replies.encode(late, protocol));
            return runFrom(i + 1);
          });
        }
        all.push(replies.encode(reply, protocol));
      }
      return all;
    };
    return runFrom(0);
  }

  /** A call that fails does not keep the others from running, as in Redis. */
  #runOne({ command, args, database }: PlacedCall, wallMs: number): Awaitable<Reply> {
    const { replica, settings, refusal, cluster } = this.#parts;
    const keyspaces = keyspacesOf(cluster.topology);
    const environment = { wallMs, database, valueBytesMax: settings.valueBytesMax, keyspaces };
    try {
      const reply = runOnReplica(replica, command, { args }, { environment, leavesNoTrace: false });
      return reply instanceof Promise ? reply.catch(refusal) : reply;
    } catch (cause) {
      return refusal(cause);
    }
  }
}

/** As they are named, those of the calls first. */
function refsOf({ calls, watches }: ClusterTransaction): readonly KeyRef[] {
  const called = calls.flatMap(({ command, args, database }) => keyRefsOf(command, args, database));
  return [...called, ...watches.map(({ ref }) => ref)];
}
