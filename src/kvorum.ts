/**
 * The package's own door: a node inside your program, or its disk engine alone.
 *
 *   const node = await openNode({ port: 0 });
 *   // ... connect any Redis client to node.port ...
 *   await node.close();
 *
 *   const store = await openStore("./data");
 *   await store.put("key", "value");
 *   await store.close();
 */
import { type Logger, silentLogger } from "./base/logger.ts";
import { KvorumLevel } from "./embedded/kvorum-level.ts";
import type { StoreOptions } from "./embedded/store-options.ts";
import type { NodeSettings } from "./node/settings.ts";
import { completeSettings } from "./node/settings-schema.ts";
import { createNodejsRuntime } from "./runtime/nodejs/nodejs-runtime.ts";
import type { RunningServer } from "./server/server.ts";
import { startServer } from "./server/start-server.ts";

export { type ErrorCode, type Outcome, StoreError } from "./base/errors.ts";
export type { Logger } from "./base/logger.ts";
export { KvorumLevel } from "./embedded/kvorum-level.ts";
export type { Durability, StoreOptions } from "./embedded/store-options.ts";
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

/**
 * Resolves when the store in `directory` is open: a database of the Level ecosystem (abstract-level 3), with nothing
 * listening. Rejects with code LEVEL_DATABASE_NOT_OPEN; `cause` says why (LEVEL_LOCKED: it is in use).
 */
export async function openStore<K = string, V = string>(
  directory: string,
  options: StoreOptions<K, V> = {},
): Promise<KvorumLevel<K, V>> {
  const store = new KvorumLevel<K, V>(directory, options);
  await store.open();
  return store;
}
