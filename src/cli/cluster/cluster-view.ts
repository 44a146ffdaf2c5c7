/** A cluster as one of its nodes tells of it: who is in it, and which nodes keep which slots. */
import { toText } from "../../base/bytes.ts";
import type { Reply } from "../../resp/reply.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Network } from "../../runtime/runtime.ts";
import type { ClusterStatus, MemberStatus } from "../../server/commands/kv-status.ts";
import { type AskedNode, askNode, strangerThere } from "../node-question.ts";
import { addressOf } from "../start-failure.ts";

/** Slots that the same nodes keep. */
export interface SlotRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
  /** "host:port" of those that keep them, whom to ask first first. */
  readonly replicas: readonly string[];
}

/** Rejects with NoAnswer, also once `expiry` resolves. */
export async function askStatus(
  network: Pick<Network, "connect">,
  node: AskedNode,
  expiry?: Promise<unknown>,
): Promise<ClusterStatus> {
  const [text] = await askNode(network, node, [["KV.STATUS"]], expiry);
  return parseStatus(text);
}

/** Rejects with NoAnswer. */
export async function askRanges(
  network: Pick<Network, "connect">,
  node: AskedNode,
  status: ClusterStatus,
): Promise<readonly SlotRange[]> {
  // A node alone does not speak of slots: clients would take it for a cluster.
  if (status.clusterId === null)
    return [{ start: 0, end: SLOT_COUNT - 1, replicas: status.members.map(placeOf) }];
  const [slots] = await askNode(network, node, [["CLUSTER", "SLOTS"]]);
  return parseRanges(slots);
}

/** Where clients reach a member, or what is known of it instead. */
export function placeOf({ host, port, id }: MemberStatus): string {
  return host === null || port === null ? `(${id.slice(0, 8)})` : addressOf(host, port);
}

function parseStatus(text: Reply | undefined): ClusterStatus {
  if (!(text instanceof Uint8Array)) throw strangerThere();
  try {
    return JSON.parse(toText(text)) as ClusterStatus;
  } catch {
    throw strangerThere();
  }
}

/** Of CLUSTER SLOTS: [start, end, [host, port, id, ...], ...] for each range. */
function parseRanges(reply: Reply | undefined): readonly SlotRange[] {
  return listOf(reply)
    .map((entry): SlotRange => {
      const [start, end, ...replicas] = listOf(entry);
      if (typeof start !== "number" || typeof end !== "number") throw strangerThere();
      return { start, end, replicas: replicas.map(replicaPlace) };
    })
    .sort((a, b) => a.start - b.start);
}

function replicaPlace(reply: Reply): string {
  const [host, port] = listOf(reply);
  if (!(host instanceof Uint8Array) || typeof port !== "number") throw strangerThere();
  return addressOf(toText(host), port);
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  if (!Array.isArray(reply)) throw strangerThere();
  return reply;
}
