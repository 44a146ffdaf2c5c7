/**
 * `KV.DEL key [CONTEXT context]` -> 1 if it took anything away, else 0. It deletes what the context has seen and nothing
 * else; without one, what is there now, as DEL does. What is left, KV.GET shows.
 */
import { equalBytes } from "../../base/bytes.ts";
import { type Cell, EMPTY_CELL } from "../../causality/cell.ts";
import { resolveAll } from "../../causality/cell-value.ts";
import { decodeContextToken } from "../../causality/context-token.ts";
import { latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type Effect, type UpdateCommand } from "../command.ts";

export const kvDel: UpdateCommand = {
  name: "kv.del",
  kind: "update",
  arity: -2,
  flags: ["write"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Deletes the values of a key that a context has seen; values it has not seen stay.",
  complexity: "O(N) with N concurrent values",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key [CONTEXT context]",
  run({ value, cell = EMPTY_CELL }, args, { wallMs }): Effect {
    if (args.length === 2) {
      return value === undefined ? { reply: 0 } : { reply: 1, change: { kind: "delete" } };
    }
    if (args.length !== 4 || word(args[2]!) !== "CONTEXT") throw new CommandError(SYNTAX_ERROR);
    return {
      reply: 0,
      change: { kind: "delete", context: decodeContextToken(latin1(args[3]!)) },
      replyAfter: (stored) => (showsTheSame(cell, stored, wallMs) ? 0 : 1),
    };
  },
};

function showsTheSame(before: Cell, after: Cell, wallMs: number): boolean {
  const [values, rest] = [before, after].map((cell) => resolveAll(cell, wallMs));
  return (
    values!.length === rest!.length &&
    values!.every(({ payload }, i) => equalBytes(payload, rest![i]!.payload))
  );
}
