/**
 * This node as a replica among others: its coordinator, and its door for what theirs ask. Both go by the plan: while slots
 * are about to move nothing is written, and who asks by an older plan is refused what this node does not keep any more.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { Coordinator } from "../../replication/coordinator.ts";
import type { LocalReplica } from "../../replication/local-replica.ts";
import { type PeerCalls, ReplicaCalls } from "../../replication/replica-calls.ts";
import { type HintKeeper, ReplicaDoor } from "../../replication/replica-door.ts";
import { epochOf, REPLICA_METHOD } from "../../replication/replica-message.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { PeerDoor } from "./peer-door.ts";

const COORDINATOR_SETTINGS = { timeoutMs: 5_000, lateMs: 20, roundsMax: 20_000 };
const DOOR_LIMITS = { runningMax: 8_192, runningBytesMax: 128 * 1024 * 1024 };

export interface ReplicaFaceParts {
  readonly clock: Clock;
  readonly engine: StorageEngine;
  readonly replica: LocalReplica;
  /** True if `durable` means that a write would survive a power failure. */
  readonly isSynced: boolean;
  readonly view: ClusterView;
  readonly peers: PeerCalls;
  readonly hints: HintKeeper;
  readonly door: PeerDoor;
  /** Told of a node that asks by a newer plan. */
  readonly onNewerEpoch: (from: string) => void;
}

export function openReplicaFace(parts: ReplicaFaceParts): Coordinator {
  const { clock, engine, replica, isSynced, view, peers, hints, door, onNewerEpoch } = parts;
  const { received } = replica;
  const isCurrent = (epoch: number): boolean =>
    epoch > view.epoch || (epoch === view.epoch && !view.isMoving);
  const replicaDoor = new ReplicaDoor({
    received,
    engine,
    hints,
    clock,
    settings: { isSynced, ...DOOR_LIMITS },
    isCurrent,
    requireCurrent: ({ epoch, ref }) => {
      if (isCurrent(epoch)) return;
      if (view.isMoving) {
        throw new StoreError(
          "OVERLOADED",
          "not-applied",
          "a node is joining: nothing is written until it has",
        );
      }
      const slot = slotOf(ref.key);
      if (view.replicasOf(slot).some(({ id }) => id === view.self.id)) return;
      const text = `this node keeps no copy of slot ${slot} in epoch ${view.epoch}; the request is of ${epoch}`;
      throw new StoreError("INVALID_REQUEST", "not-applied", text);
    },
  });
  const answer = (method: number, payload: ByteRange, from: string) => {
    if (epochOf(payload) > view.epoch) onNewerEpoch(from);
    return replicaDoor.onRequest(method, payload);
  };
  door.serve(Object.values(REPLICA_METHOD), answer);
  const calls = new ReplicaCalls({ cluster: view, peers, received, engine, clock, isSynced });
  return new Coordinator({ cluster: view, calls, hints, replica, clock, settings: COORDINATOR_SETTINGS });
}
