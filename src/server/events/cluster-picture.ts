/** What the event watch is shown of a server. Asked for some times a second: nothing here may take long. */
import { memberNames } from "../cluster/member-names.ts";
import type { Server } from "../server.ts";
import type { Picture } from "./event-watch.ts";

export function clusterPicture({ node, cluster, statistics }: Server): Picture {
  const members = cluster?.members() ?? [];
  const names = memberNames(members);
  const { move, epoch = 0 } = cluster?.topology ?? {};
  const totals = node.cluster?.repair.totals;
  return {
    epoch,
    members: members.map(({ id, isUp, isSuspect = false, hintsPending }) => {
      return { id, name: names.get(id)!, isUp, isSuspect, hintsPending };
    }),
    move: move && { kind: move.kind, name: names.get(move.id) ?? move.id, stage: move.stage },
    mendedRows: totals === undefined ? 0 : totals.pulled + totals.pushed,
    evictedRows: node.engine.statistics.evictedRows,
    overloads: statistics.errorsByCode.get("OVERLOADED") ?? 0,
    diskRefusal: node.disk?.engine.writes.refusalText,
  };
}
