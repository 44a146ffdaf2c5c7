/**
 * A real redis-server beside Kvorum, to compare with: started on a free port, with nothing stored, and ended by
 * `close`. Where none is installed, or another version than the one Kvorum follows, `redisAbsence` says so.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { freePort } from "../../bench/peers/free-port.ts";

const VERSION_FOLLOWED = "7.0";

/** Why there is no redis-server to compare with; undefined if there is. */
export const redisAbsence: string | undefined = explainAbsence();

export interface Peer {
  readonly port: number;
  close(): Promise<void>;
}

/** Resolves when connections are accepted. `options` are those of its command line: "--maxmemory", "1mb". */
export async function startRedis(...options: string[]): Promise<Peer> {
  const port = await freePort();
  const defaults = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const redis = spawn("redis-server", [...defaults, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  await ready(redis);
  return {
    port,
    async close() {
      redis.kill("SIGKILL");
      if (redis.exitCode === null && redis.signalCode === null) await once(redis, "exit");
    },
  };
}

async function ready(redis: ChildProcess): Promise<void> {
  const log: string[] = [];
  for await (const line of createInterface({ input: redis.stdout! })) {
    log.push(line);
    if (line.includes("Ready to accept connections")) {
      redis.stdout!.resume(); // what nobody reads would block it in the end
      return;
    }
  }
  throw new Error(`redis-server did not start:\n${log.join("\n")}`);
}

function explainAbsence(): string | undefined {
  const { stdout, error } = spawnSync("redis-server", ["--version"], { encoding: "utf8" });
  const version = error === undefined ? /v=(\d+\.\d+)/.exec(stdout)?.[1] : undefined;
  if (version === VERSION_FOLLOWED) return undefined;
  const reason = version === undefined ? "redis-server is not installed" : `redis-server is ${version}`;
  console.warn(`not compared with Redis ${VERSION_FOLLOWED}: ${reason}`);
  return reason;
}
