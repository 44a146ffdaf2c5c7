/**
 * Where a key lives, and what each replica has of it now: for people who want to see a conflict, or why a read is old. Nothing
 * is merged or mended by looking.
 */
import { utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { actorText } from "../../causality/actor.ts";
import { type Cell, NEVER, type Sibling } from "../../causality/cell.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { cellDigest } from "../../causality/cell-digest.ts";
import { merge } from "../../causality/cell-merge.ts";
import { liveAt } from "../../causality/cell-value.ts";
import { encodeContextToken } from "../../causality/context-token.ts";
import type { Dot } from "../../causality/dot.ts";
import { decodeCellAnswer, encodeReadRow, REPLICA_METHOD } from "../../replication/replica-message.ts";
import type { KeyRef } from "../../replication/step.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Server } from "../server.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** Of each sibling, and of the key. */
const SHOWN_BYTES_MAX = 64 * 1024;
const TIMEOUT_MS = 2_000;

/** As JSON. */
export interface KeyWhereabouts extends ShownBytes {
  readonly slot: number;
  readonly keyspace: string;
  /** Ids of the nodes that keep it, whom to ask first first. */
  readonly preferenceList: readonly string[];
  /** Ids of those that stand in for them, in their order. */
  readonly fallbacks: readonly string[];
  readonly replicas: readonly ReplicaVersion[];
  /** What all that answered know together. */
  readonly merged: { readonly context: string; readonly siblings: readonly ShownSibling[] };
  /** Whether all that answered have the same. */
  readonly identical: boolean;
}

interface ShownBytes {
  readonly key: string;
  readonly keyEncoding: "utf8" | "base64";
}

export interface ReplicaVersion {
  readonly id: string;
  /** A tombstone says that it was deleted or has expired. */
  readonly state: "present" | "missing" | "tombstone" | "unreachable";
  /** Null where nothing is known. */
  readonly version: {
    readonly context: readonly ShownDot[];
    readonly siblings: readonly ShownSibling[];
  } | null;
}

export interface ShownDot {
  readonly actor: string;
  readonly counter: number;
}

export interface ShownSibling {
  readonly dot: ShownDot;
  readonly hlcMs: number;
  readonly hlcCounter: number;
  readonly expiresAtMs: number | null;
  /** An increment's value is its actor's running total. */
  readonly kind: Sibling["kind"];
  /** All of the value's. */
  readonly bytes: number;
  /** At most the first 64 KiB. */
  readonly value: string;
  readonly valueEncoding: "utf8" | "base64";
}

/** What one replica has answered. */
interface Copy {
  readonly id: NodeId;
  readonly isReached: boolean;
  /** Encoded; undefined if it knows nothing of the key. */
  readonly bytes: Uint8Array | undefined;
}

/** Resolves when all replicas have answered, or not in time. */
export async function whereaboutsOf(server: Server, ref: KeyRef): Promise<KeyWhereabouts> {
  const { cluster, node, runtime } = server;
  const slot = slotOf(ref.key);
  const own = async (id: NodeId): Promise<Copy> => ({
    id,
    isReached: true,
    bytes: await node.replica.received.load(ref),
  });
  const ids = cluster === undefined ? [actorText(node.actor)] : replicaIdsOf(cluster, slot);
  const copies = await Promise.all(
    ids.map((id) => (cluster === undefined || id === cluster.self.id ? own(id) : copyAt(cluster, id, ref))),
  );
  const wallMs = runtime.clock.wallMs();
  const cells = copies.map(({ bytes }) => (bytes === undefined ? undefined : decodeCell(bytes)));
  const known = cells.filter((cell) => cell !== undefined);
  const merged = known.length === 0 ? undefined : known.reduce(merge);
  const { text: key, encoding: keyEncoding } = shown(ref.key);
  return {
    ...{ key, keyEncoding, slot },
    keyspace: server.keyspaces.of(ref.key).name,
    preferenceList: cluster?.view.replicasOf(slot).map(({ id }) => id) ?? ids,
    fallbacks: cluster?.view.fallbacksOf(slot).map(({ id }) => id) ?? [],
    replicas: copies.map((copy, i) => versionOf(copy, cells[i], wallMs)),
    merged: {
      context: encodeContextToken(merged),
      siblings: merged === undefined ? [] : liveAt(merged, wallMs).siblings.map(shownSibling),
    },
    identical: new Set(copies.filter(({ isReached }) => isReached).map(digestText)).size <= 1,
  };
}

/** The preference list, and while the slot moves, who has it on the other side. */
function replicaIdsOf({ view }: ServedCluster, slot: number): readonly NodeId[] {
  const all = [...view.replicasOf(slot), ...(view.otherReplicasOf?.(slot) ?? [])];
  return [...new Set(all.map(({ id }) => id))];
}

/** What another replica has, by the request that reads make of it. */
async function copyAt({ calls, view }: ServedCluster, id: NodeId, ref: KeyRef): Promise<Copy> {
  const request = encodeReadRow({ epoch: view.epoch, ref });
  try {
    const answer = await calls.call(id, REPLICA_METHOD.readCell, request, { timeoutMs: TIMEOUT_MS });
    return { id, isReached: true, bytes: decodeCellAnswer(answer) };
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    return { id, isReached: false, bytes: undefined };
  }
}

function versionOf({ id, isReached }: Copy, cell: Cell | undefined, wallMs: number): ReplicaVersion {
  if (!isReached) return { id, state: "unreachable", version: null };
  if (cell === undefined) return { id, state: "missing", version: null };
  const context = cell.context.map(shownDot);
  const state = liveAt(cell, wallMs).siblings.length > 0 ? "present" : "tombstone";
  return { id, state, version: { context, siblings: cell.siblings.map(shownSibling) } };
}

function shownSibling(sibling: Sibling): ShownSibling {
  const { kind, dot, hlc, expiresAtMs } = sibling;
  const payload = kind === "value" ? sibling.payload : utf8(sibling.total.toString());
  const { text: value, encoding: valueEncoding } = shown(payload);
  return {
    dot: shownDot(dot),
    ...{ hlcMs: hlc.wallMs, hlcCounter: hlc.logical },
    expiresAtMs: expiresAtMs === NEVER ? null : expiresAtMs,
    ...{ kind, bytes: payload.length, value, valueEncoding },
  };
}

function shownDot({ actor, counter }: Dot): ShownDot {
  return { actor: actorText(actor), counter };
}

function digestText({ bytes }: Copy): string {
  return Buffer.from(cellDigest(bytes)).toString("latin1");
}

/** As text where it is text; a character that the cut falls into is left out. */
function shown(bytes: Uint8Array): { readonly text: string; readonly encoding: "utf8" | "base64" } {
  const cut = bytes.subarray(0, SHOWN_BYTES_MAX);
  try {
    const isCut = cut.length < bytes.length;
    return {
      text: new TextDecoder("utf-8", { fatal: true }).decode(cut, { stream: isCut }),
      encoding: "utf8",
    };
  } catch {
    return { text: Buffer.from(cut).toString("base64"), encoding: "base64" };
  }
}
