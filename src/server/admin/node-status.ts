/** `/api/status`: KV.STATUS with what a person wants to know besides. */
import { DEFAULT_KEYSPACE } from "../../membership/topology.ts";
import { SOLE_COPY, tallyCopies } from "../cluster/copy-tally.ts";
import { memberNames } from "../cluster/member-names.ts";
import type { NodeReport } from "../cluster/node-report.ts";
import { clusterStatus, type MemberStatus } from "../commands/kv-status.ts";
import type { Server } from "../server.ts";
import { clusterVerdict } from "./cluster-sentence.ts";
import { ownReport } from "./own-report.ts";

const NO_REPORTS: ReadonlyMap<string, NodeReport> = new Map();

interface Load {
  readonly opsPerSecond: number;
  /** Of keys, values and clients; null of a node that keeps its rows on disk and has not answered. */
  readonly usedMemory: number | null;
  /** Null of nodes that keep their rows in memory. */
  readonly diskBytes: number | null;
}

/** `reports`: what other nodes have told of themselves, as far as they were asked. */
export function nodeStatus(server: Server, reports: ReadonlyMap<string, NodeReport> = NO_REPORTS) {
  const status = clusterStatus(server);
  const names = memberNames(status.members);
  const members = status.members.map((member) => ({
    ...member,
    ...extrasOf(server, member, names, reports),
  }));
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

function extrasOf(
  server: Server,
  { id, self }: MemberStatus,
  names: ReadonlyMap<string, string>,
  reports: ReadonlyMap<string, NodeReport>,
) {
  const report = self ? ownReport(server) : reports.get(id);
  const seen = server.cluster?.members().find((member) => member.id === id);
  return {
    name: names.get(id) ?? id,
    adminPort: report?.adminPort ?? null,
    suspect: seen?.isSuspect ?? false,
    phi: seen?.phi ?? null,
    load: report === undefined ? gossipedLoad(server, seen?.load) : loadIn(report),
  };
}

function loadIn({ opsPerSecond, usedMemory, diskBytes }: NodeReport): Load {
  return { opsPerSecond, usedMemory, diskBytes };
}

/** Of one that has not answered. What it stores it is taken to store as this one does. */
function gossipedLoad(
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
