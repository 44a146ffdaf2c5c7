/** Puts a node behind a RESP door and opens it. */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { FixedCluster } from "../node/cluster-node.ts";
import { openNode } from "../node/node.ts";
import type { NodeSettings } from "../node/settings.ts";
import { isLoopback } from "../node/settings-schema.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { createCommandTable } from "./commands.ts";
import { type RunningServer, Server } from "./server.ts";

/** Resolves when connections are accepted. Throws StoreError where a setting or the port forbids it. */
export async function startServer(
  runtime: Runtime,
  settings: NodeSettings,
  logger: Logger,
  fixed?: FixedCluster,
): Promise<RunningServer> {
  refuseOpenDoor(settings);
  const node = await openNode(runtime, settings, logger, fixed);
  const server = new Server({ runtime, node, settings, logger, commands: createCommandTable() });
  try {
    await server.listen();
  } catch (cause) {
    await node.close();
    throw cause;
  }
  return server;
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
