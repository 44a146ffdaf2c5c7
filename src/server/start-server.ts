/** Puts a node behind a RESP door and opens it. */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { type OpenOptions, openNode } from "../node/node.ts";
import type { NodeSettings } from "../node/settings.ts";
import { isLoopback } from "../node/settings-schema.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type AdminWorld, openAdminDoor } from "./admin/admin-door.ts";
import { ownReport } from "./admin/own-report.ts";
import { NodeReports } from "./cluster/node-reports.ts";
import { createCommandTable } from "./commands.ts";
import { type RunningServer, Server } from "./server.ts";

export interface StartOptions extends OpenOptions {
  /** For the admin door; without it there is none, whatever the settings say. */
  readonly admin?: AdminWorld | undefined;
}

/** Resolves when connections are accepted. Throws StoreError where a setting or the port forbids it. */
export async function startServer(
  runtime: Runtime,
  settings: NodeSettings,
  logger: Logger,
  options?: StartOptions,
): Promise<RunningServer> {
  refuseOpenDoor(settings);
  const node = await openNode(runtime, settings, logger, options);
  const server = new Server({ runtime, node, settings, logger, commands: createCommandTable() });
  server.reports = server.cluster && new NodeReports(server.cluster, runtime.clock, () => ownReport(server));
  try {
    await server.listen();
  } catch (cause) {
    await node.close();
    throw cause;
  }
  try {
    server.admin = options?.admin && (await openAdminDoor(server, options.admin, logger));
  } catch (cause) {
    await server.close();
    throw cause;
  }
  node.cluster?.announceDoor({ host: reachableHost(settings), port: server.port });
  return server;
}

/** An address that others can be told of: who listens on all of them is reached where its peers reach it. */
function reachableHost({ host, peerHost }: NodeSettings): string {
  return host === "0.0.0.0" || host === "::" ? peerHost : host;
}

/** A store that anybody can reach must not be one that anybody can use. */
function refuseOpenDoor({ host, password }: NodeSettings): void {
  if (password !== undefined || isLoopback(host)) return;
  throw new StoreError(
    "INVALID_SETTING",
    "not-applied",
    `refusing to listen on ${host} without a password: set one, or listen on 127.0.0.1`,
  );
}
