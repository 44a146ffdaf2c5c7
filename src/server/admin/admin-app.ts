/** The admin door as one function from a request to its response. */
import { Hono } from "hono";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { CommandError } from "../command-shape.ts";
import { refuseAccess } from "./access.ts";
import { AdminError, type AdminParts, type AdminRoute, failure, json } from "./admin-route.ts";
import type { DashboardFiles } from "./dashboard-files.ts";
import { openApiDocument } from "./openapi.ts";
import { CLUSTER_ROUTES } from "./routes/cluster-routes.ts";
import { EVENT_ROUTES } from "./routes/event-routes.ts";
import { HOT_KEY_ROUTES } from "./routes/hot-key-routes.ts";
import { KEY_ROUTES } from "./routes/key-routes.ts";
import { METRIC_ROUTES } from "./routes/metric-routes.ts";
import { PROBE_ROUTES } from "./routes/probes.ts";
import { UPKEEP_ROUTES } from "./routes/upkeep-routes.ts";

/** Of answers that say nothing of it themselves. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};
const DOCUMENT_PATH = "/openapi.json";

export const ADMIN_ROUTES: readonly AdminRoute[] = [
  ...PROBE_ROUTES,
  ...CLUSTER_ROUTES,
  ...KEY_ROUTES,
  ...HOT_KEY_ROUTES,
  ...METRIC_ROUTES,
  ...EVENT_ROUTES,
  ...UPKEEP_ROUTES,
];

export interface AdminAppParts extends AdminParts {
  readonly token: string | undefined;
  readonly dashboard: Pick<DashboardFiles, "answer">;
  readonly logger: Logger;
}

export function createAdminApp(parts: AdminAppParts): (request: Request) => Promise<Response> {
  const { token, dashboard, logger } = parts;
  const guarded = new Set(ADMIN_ROUTES.filter(({ isPublic }) => isPublic !== true).map(({ path }) => path));
  // What is no route is a file of the dashboard, or nothing.
  const isPublic = (path: string): boolean => !guarded.has(path) && path !== DOCUMENT_PATH;
  const app = new Hono();
  app.use(async (context, next) => {
    const refused = refuseAccess(context.req.raw, { token, isPublic });
    if (refused === undefined) await next();
    else context.res = failure(refused.status, refused.code, refused.message);
    const { headers } = context.res;
    for (const [name, value] of Object.entries(HEADERS)) if (!headers.has(name)) headers.set(name, value);
  });
  for (const route of ADMIN_ROUTES) {
    app.on(route.method, route.path, (context) => route.answer(parts, context.req.raw));
  }
  const document = openApiDocument(ADMIN_ROUTES);
  app.get(DOCUMENT_PATH, () => json(document));
  app.get("*", async ({ req, notFound }) => {
    const acceptsGzip = /\bgzip\b/.test(req.header("accept-encoding") ?? "");
    const knownTag = req.header("if-none-match");
    return (await dashboard.answer({ path: req.path, acceptsGzip, knownTag })) ?? notFound();
  });
  app.notFound(() =>
    failure(404, "NOT_FOUND", `there is nothing here; ${DOCUMENT_PATH} tells what there is`),
  );
  app.onError((cause) => failureOf(cause, logger));
  const { fetch: answer } = app;
  return async (request) => answer(request);
}

function failureOf(cause: unknown, logger: Logger): Response {
  if (cause instanceof AdminError) return failure(cause.status, cause.code, cause.message);
  if (cause instanceof CommandError) return failure(400, "INVALID_REQUEST", cause.message);
  if (cause instanceof StoreError) {
    const status = cause.code === "INVALID_REQUEST" ? 400 : 503;
    return failure(status, cause.code, cause.message);
  }
  logger.error({ error: cause }, "a request of the admin door met a bug");
  return failure(500, "BUG", "a bug kept this request from being answered; the node's log tells more");
}
