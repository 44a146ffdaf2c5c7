/** What this node tells of itself to others whose readers want to know. */
import type { NodeReport } from "../cluster/node-report.ts";
import type { Server } from "../server.ts";

export function ownReport(server: Server): NodeReport {
  const { node, statistics, admin } = server;
  return {
    adminPort: admin?.port ?? null,
    usedMemory: server.measureMemory().usedBytes,
    diskBytes: node.disk === undefined ? null : node.storedBytes,
    opsPerSecond: Math.max(0, statistics.commandsPerSecond),
  };
}
