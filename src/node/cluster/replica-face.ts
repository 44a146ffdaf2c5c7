/**
 * This node as a replica among others: its coordinator, and its door for what theirs ask. Both go by the plan: who asks by one that
 * is too old for the slot is refused, and asks again once it has fetched this one.
 */
import { Coordinator } from "../../replication/coordinator.ts";
import type { LocalReplica } from "../../replication/local-replica.ts";
import { Relay } from "../../replication/relay.ts";
import { type PeerCalls, ReplicaCalls } from "../../replication/replica-calls.ts";
import { type HintKeeper, ReplicaDoor } from "../../replication/replica-door.ts";
import { epochOf, REPLICA_METHOD } from "../../replication/replica-message.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { MethodHandler, PeerDoor } from "./peer-door.ts";

const COORDINATOR_SETTINGS = { timeoutMs: 5_000, lateMs: 20, roundsMax: 20_000 };
const DOOR_LIMITS = { runningMax: 8_192, runningBytesMax: 128 * 1024 * 1024 };

export interface ReplicaFaceParts {
  readonly clock: Clock;
  /** Asked when what was written is durable. */
  readonly engine: Pick<StorageEngine, "durable">;
  readonly replica: LocalReplica;
  /** True if `durable` means that a write would survive a power failure. */
  readonly isSynced: boolean;
  readonly view: ClusterView;
  readonly peers: PeerCalls;
  readonly hints: HintKeeper;
  readonly door: PeerDoor;
  /** Told of a node that asks by a newer plan. */
  readonly onNewerEpoch: (from: string) => void;
  /** Resolves when it has been tried to learn of a newer plan than that of the epoch. */
  readonly renewPlan: (epoch: number) => Promise<void>;
  /** Told when requests begin to wait for replicas. */
  readonly onBusy: () => void;
}

export function openReplicaFace(parts: ReplicaFaceParts): Coordinator {
  const { clock, engine, replica, isSynced, view, peers, hints, door, onNewerEpoch, renewPlan } = parts;
  const { received } = replica;
  const calls = new ReplicaCalls({ cluster: view, peers, received, engine, clock, isSynced });
  const replicaDoor = new ReplicaDoor({
    received,
    engine,
    hints,
    clock,
    relay: new Relay({ calls, hints }),
    settings: { isSynced, ...DOOR_LIMITS },
    isCurrent: (epoch) => epoch >= view.epoch,
    requireCurrent: ({ epoch, ref }, isWrite) => {
      if (epoch < view.epoch) view.requireCurrent(epoch, slotOf(ref.key), isWrite);
    },
  });
  const answer: MethodHandler = (method, payload, from, reply) => {
    if (epochOf(payload) > view.epoch) onNewerEpoch(from);
    return replicaDoor.answerInto(reply, method, payload)
      ? undefined
      : replicaDoor.onRequest(method, payload);
  };
  door.serve(Object.values(REPLICA_METHOD), answer);
  const settings = COORDINATOR_SETTINGS;
  const { onBusy } = parts;
  return new Coordinator({ cluster: view, calls, hints, replica, clock, renewPlan, settings, onBusy });
}
