/** `KV.WHERE key` -> one JSON text: where the key lives, and what each of its replicas has of it now. */
import { whereaboutsOf } from "../cluster/key-whereabouts.ts";
import type { SessionCommand } from "../command.ts";

export const kvWhere: SessionCommand = {
  name: "kv.where",
  kind: "session",
  arity: 2,
  flags: ["readonly", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Tells where a key lives, and what each replica has of it now. JSON.",
  complexity: "O(N) with N concurrent values; asks every replica",
  keyRefs: (args, database) => [{ database, key: args[1]! }],
  syntax: "key",
  run: async ({ server, database }, args) =>
    JSON.stringify(await whereaboutsOf(server, { database, key: args[1]!.slice() })),
};
