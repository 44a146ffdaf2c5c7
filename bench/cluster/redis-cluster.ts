/** A Redis primary with two replicas, each with its append-only file. */
import { startRedis } from "../peers/contender.ts";
import { type ClusterContender, togetherAs, until } from "./contender.ts";
import { call } from "./resp-call.ts";

const REPLICAS = 2;

/** Resolves once both replicas are online. */
export async function startRedisWithReplicas(fsync: "everysec" | "always"): Promise<ClusterContender> {
  const files = ["--appendonly", "yes", "--appendfsync", fsync];
  const primary = await startRedis(...files);
  const copy = ["--replicaof", `127.0.0.1 ${primary.port}`, "--repl-diskless-sync-delay", "0"];
  const replicas = [];
  for (let i = 0; i < REPLICAS; i++) replicas.push(await startRedis(...files, ...copy));
  await until("the replicas are online", async () => {
    const text = String(await call(primary.port, "INFO", "replication"));
    return [...text.matchAll(/state=online/g)].length === REPLICAS;
  });
  return togetherAs("redis + WAIT 1", [primary, ...replicas]);
}
