/** For those who start and stop nodes, such as Kubernetes: is it alive, should it be sent requests. */
import { type AdminRoute, json } from "../admin-route.ts";
import { readiness } from "../readiness.ts";

const healthz: AdminRoute = {
  method: "get",
  path: "/healthz",
  summary: "Whether the node runs at all. Who gets no answer should start it anew.",
  isPublic: true,
  answer: () => json({ status: "ok" }),
};

const readyz: AdminRoute = {
  method: "get",
  path: "/readyz",
  summary: "Whether the node should be sent requests: a member, its disk takes writes, a majority is up.",
  isPublic: true,
  failures: { 503: "not ready; `reasons` says why" },
  answer: ({ server }) => {
    const { cluster, node } = server;
    const members = cluster?.members();
    const state = readiness({
      isMember: node.cluster?.hasLeft !== true,
      diskRefusal: node.disk?.engine.writes.refusalText,
      membersUp: members?.filter(({ isUp }) => isUp).length ?? 1,
      members: members?.length ?? 1,
      isClosing: server.isClosing,
    });
    return json(state, state.ready ? 200 : 503);
  },
};

export const PROBE_ROUTES: readonly AdminRoute[] = [healthz, readyz];
