/** A Kvorum node in this process, on a free port: in memory, or on disk if KVORUM_TEST_STORAGE says so. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import { DEFAULT_SETTINGS, type NodeSettings, type StorageKind } from "../../src/node/settings.ts";
import { createNodejsRuntime } from "../../src/runtime/nodejs/nodejs-runtime.ts";
import type { RunningServer } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";

export const TEST_STORAGE: StorageKind = process.env.KVORUM_TEST_STORAGE === "disk" ? "disk" : "memory";

/** Resolves when connections are accepted. Its files, if any, go when it has closed. */
export async function startKvorum(settings: Partial<NodeSettings> = {}): Promise<RunningServer> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "kvorum-data-"));
  const asked = { ...DEFAULT_SETTINGS, storage: TEST_STORAGE, dataDirectory, port: 0, ...settings };
  const server = await startServer(createNodejsRuntime(), asked, silentLogger);
  void server.closed.then(() => rmSync(dataDirectory, { recursive: true, force: true }));
  return server;
}
