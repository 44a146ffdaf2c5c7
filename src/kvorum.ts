/**
 * The package's own door: a node inside your program.
 *
 *   const node = await openNode({ port: 0 });
 *   // ... connect any Redis client to node.port ...
 *   await node.close();
 */
import { type Logger, silentLogger } from "./base/logger.ts";
import type { NodeSettings } from "./node/settings.ts";
import { completeSettings } from "./node/settings-schema.ts";
import { createNodejsRuntime } from "./runtime/nodejs/nodejs-runtime.ts";
import type { RunningServer } from "./server/server.ts";
import { startServer } from "./server/start-server.ts";

export { type ErrorCode, type Outcome, StoreError } from "./base/errors.ts";
export type { Logger } from "./base/logger.ts";
export { DEFAULT_SETTINGS, type NodeSettings } from "./node/settings.ts";
export type { RunningServer } from "./server/server.ts";

/**
 * Resolves when the node accepts connections. Throws StoreError: INVALID_SETTING, or IO if the port or the
 * data directory cannot be had.
 */
export async function openNode(
  settings: Partial<NodeSettings> = {},
  logger: Logger = silentLogger,
): Promise<RunningServer> {
  return startServer(createNodejsRuntime(), completeSettings(settings), logger);
}
