/**
 * `KV.KEYSPACE ...`: the declared keyspaces of the cluster, or of a node alone. A key belongs to the one that its bytes up to the
 * first ":" name, else to the default one.
 *
 *   SET name [setting value ...]   declares it, or changes what is named -> OK once it is in force for whoever asks here
 *   LIST                           all of them, as SHOW shows them
 *   SHOW name                      a map of its settings
 *   DROP name                      its keys are the default one's from then on; none is lost -> OK
 */
import { toText } from "../../base/bytes.ts";
import type { Keyspace } from "../../membership/topology.ts";
import { formatDuration, formatSize } from "../../node/quantity.ts";
import { map, OK, type Reply } from "../../resp/reply.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { container } from "../container.ts";
import { parseKeyspaceWish } from "../keyspace-arguments.ts";
import { type KeyspaceStatus, keyspaceStatus } from "../keyspace-status.ts";

const MICROS_PER_MS = 1000;

const kvKeyspaceSet: SessionCommand = {
  name: "kv.keyspace|set",
  kind: "session",
  arity: -3,
  flags: ["admin", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Declares a keyspace, or changes those of its settings that are named.",
  complexity: "O(N) with N members",
  syntax:
    "name [COPIES copies] [READ level] [WRITE level] [TTL time] [CONFLICT newest | siblings] [STORAGE disk | memory] [MAXMEMORY size] [EVICT policy] [MODE ap | cp]",
  async run({ server }, args) {
    await server.node.keyspaces.set(toText(args[2]!), parseKeyspaceWish(args, 3));
    return OK;
  },
};

const kvKeyspaceList: SessionCommand = {
  name: "kv.keyspace|list",
  kind: "session",
  arity: 2,
  flags: ["loading", "stale"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Lists the keyspaces with their settings.",
  complexity: "O(N) with N keyspaces",
  run: ({ server }) => server.keyspaces.all.map(shown),
};

const kvKeyspaceShow: SessionCommand = {
  name: "kv.keyspace|show",
  kind: "session",
  arity: 3,
  flags: ["loading", "stale"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Shows the settings of a keyspace.",
  complexity: "O(N) with N keyspaces",
  syntax: "name",
  run({ server }, args) {
    const keyspace = server.keyspaces.named(toText(args[2]!));
    if (keyspace === undefined) throw new CommandError(`ERR there is no keyspace ${toText(args[2]!)}`);
    return shown(keyspace);
  },
};

const kvKeyspaceDrop: SessionCommand = {
  name: "kv.keyspace|drop",
  kind: "session",
  arity: 3,
  flags: ["admin", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Undeclares a keyspace: its keys stay, and belong to the default one.",
  complexity: "O(N) with N members",
  syntax: "name",
  async run({ server }, args) {
    await server.node.keyspaces.drop(toText(args[2]!));
    return OK;
  },
};

export const kvKeyspace = container({
  name: "kv.keyspace",
  group: "kvorum",
  since: "0.1.0",
  summary: "A container for commands on keyspaces.",
  helpSince: "0.1.0",
  subcommands: [kvKeyspaceSet, kvKeyspaceList, kvKeyspaceShow, kvKeyspaceDrop],
});

function shown(keyspace: Keyspace): Reply {
  const { copiesByDatacenter, ttlMs, ...rest } = keyspaceStatus(keyspace);
  const copies = Object.entries(copiesByDatacenter).map(([datacenter, count]) => `${datacenter}=${count}`);
  return map([
    ["name", rest.name],
    ["copies", copies.join(",")],
    ["read", rest.read],
    ["write", rest.write],
    ["reads-see-writes", rest.readsSeeWrites],
    ["ttl", formatDuration(ttlMs * MICROS_PER_MS)],
    ["conflict", rest.conflictRule],
    ["storage", rest.storage],
    ...memoryEntries(rest),
    ["mode", rest.mode],
  ]);
}

function memoryEntries({
  maxmemory,
  evict,
}: Pick<KeyspaceStatus, "maxmemory" | "evict">): [string, string][] {
  if (maxmemory === undefined || evict === undefined) return [];
  return [
    ["maxmemory", formatSize(maxmemory)],
    ["evict", evict],
  ];
}
