/** A Kvorum node in this process, with a memory engine, on a free port. */
import { silentLogger } from "../../src/base/logger.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "../../src/node/settings.ts";
import { createNodejsRuntime } from "../../src/runtime/nodejs/nodejs-runtime.ts";
import { startServer } from "../../src/server/start-server.ts";
import type { Peer } from "./redis-peer.ts";

const MEMORY = { storage: "memory", port: 0 } as const;

/** Resolves when connections are accepted. */
export function startKvorum(settings: Partial<NodeSettings> = {}): Promise<Peer> {
  return startServer(createNodejsRuntime(), { ...DEFAULT_SETTINGS, ...MEMORY, ...settings }, silentLogger);
}
