/** The cluster as this node sees it. */
import { type AdminRoute, json } from "../admin-route.ts";
import { nodeStatus } from "../node-status.ts";
import { ringView } from "../ring-view.ts";

const status: AdminRoute = {
  method: "get",
  path: "/api/status",
  summary:
    "How the cluster is, in a sentence; its members with their state and load; keyspaces; the move under way.",
  answer: async ({ server }) => json(nodeStatus(server, await server.reports?.latest())),
};

const ring: AdminRoute = {
  method: "get",
  path: "/api/ring",
  summary: "Which virtual nodes stand where, now and once the move under way is over.",
  answer: ({ server }) => json(ringView(server)),
};

export const CLUSTER_ROUTES: readonly AdminRoute[] = [status, ring];
