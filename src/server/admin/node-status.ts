/** `/api/status`: KV.STATUS with what a person wants to know besides. */
import { DEFAULT_KEYSPACE } from "../../membership/topology.ts";
import { SOLE_COPY, tallyCopies } from "../cluster/copy-tally.ts";
import { memberNames } from "../cluster/member-names.ts";
import { clusterStatus, type MemberStatus } from "../commands/kv-status.ts";
import type { Server } from "../server.ts";
import { clusterVerdict } from "./cluster-sentence.ts";

interface Load {
  readonly opsPerSecond: number;
  /** Of keys, values and clients; null of other nodes that keep their rows on disk. */
  readonly usedMemory: number | null;
  /** Null of nodes that keep their rows in memory. */
  readonly diskBytes: number | null;
}

export function nodeStatus(server: Server) {
  const status = clusterStatus(server);
  const names = memberNames(status.members);
  const members = status.members.map((member) => ({ ...member, ...extrasOf(server, member, names) }));
  const { cluster } = server;
  const wished = status.keyspaces.find(({ name }) => name === DEFAULT_KEYSPACE)?.copies ?? 1;
  const tally = cluster === undefined ? SOLE_COPY : tallyCopies(cluster.view, wished);
  const seen = members.map(({ name, up, hintsPending }) => ({ name, isUp: up, hintsPending }));
  const move = status.move && {
    kind: status.move.kind,
    name: names.get(status.move.member) ?? status.move.member,
    part: status.move.progress,
  };
  const verdict = clusterVerdict({
    members: seen,
    tally,
    move: move ?? undefined,
    diskRefusal: server.node.disk?.engine.writes.refusalText,
  });
  return { ...status, members, ...verdict };
}

function extrasOf(server: Server, { id, self }: MemberStatus, names: ReadonlyMap<string, string>) {
  const seen = server.cluster?.members().find((member) => member.id === id);
  return {
    name: names.get(id) ?? id,
    // Where others have theirs is not told around.
    adminPort: self ? (server.admin?.port ?? null) : null,
    suspect: seen?.isSuspect ?? false,
    phi: seen?.phi ?? null,
    load: self ? ownLoad(server) : loadOf(server, seen?.load),
  };
}

function ownLoad(server: Server): Load {
  const { node, statistics } = server;
  return {
    opsPerSecond: statistics.commandsPerSecond,
    usedMemory: server.measureMemory().usedBytes,
    diskBytes: node.disk === undefined ? null : node.storedBytes,
  };
}

/** What a node stores it is taken to store as this one does. */
function loadOf(
  { node }: Server,
  load: { readonly storedBytes: number; readonly requestsPerSecond: number } | undefined,
): Load | null {
  if (load === undefined) return null;
  const { storedBytes, requestsPerSecond } = load;
  const isOnDisk = node.disk !== undefined;
  return {
    opsPerSecond: requestsPerSecond,
    usedMemory: isOnDisk ? null : storedBytes,
    diskBytes: isOnDisk ? storedBytes : null,
  };
}
