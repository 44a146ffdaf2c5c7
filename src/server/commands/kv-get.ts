/**
 * `KV.GET key` -> [context, value, value ...]: every concurrent value, newest first, none if the key is absent. The
 * context is what KV.PUT and KV.DEL take to say what they replace. An array in both protocols, as a map has no
 * place for several values of one name. Of a keyspace whose conflict rule is "newest", the newest value alone, and a
 * context that stands for having seen all.
 */
import { resolveAll } from "../../causality/cell-value.ts";
import { encodeContextToken } from "../../causality/context-token.ts";
import type { ReadCommand } from "../command.ts";

export const kvGet: ReadCommand = {
  name: "kv.get",
  kind: "read",
  arity: 2,
  flags: ["readonly", "fast"],
  group: "kvorum",
  since: "0.1.0",
  summary:
    "Answers all concurrent values of a key, newest first, after the context that stands for having seen them.",
  complexity: "O(N) with N concurrent values",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key",
  run({ cell }, args, { wallMs, keyspaces }) {
    const values = cell === undefined ? [] : resolveAll(cell, wallMs);
    const shown = keyspaces.of(args[1]!).conflictRule === "newest" ? values.slice(0, 1) : values;
    return [encodeContextToken(cell), ...shown.map(({ payload }) => payload)];
  },
};
