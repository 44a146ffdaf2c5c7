/**
 * `KV.CONSISTENCY [BALANCED | FAST-READS | FAST-WRITES | DEFAULT] [READ level] [WRITE level]` -> OK: how many machines this
 * connection's requests wait for from now on. Without arguments -> what they wait for now, as a map; "default" is what
 * the keyspace of each key says. RESET goes back to that.
 *
 *   BALANCED   READ quorum WRITE quorum        FAST-READS   READ one WRITE all        FAST-WRITES   READ all WRITE one
 */
import { map, OK } from "../../resp/reply.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { parseLevels, refuseImpossible, UNASKED } from "../cluster/consistency.ts";
import { CommandError, type SessionCommand } from "../command.ts";

export const kvConsistency: SessionCommand = {
  name: "kv.consistency",
  kind: "session",
  arity: -1,
  flags: ["noscript", "loading", "stale", "fast", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Says, or shows, how many machines the requests of this connection wait for.",
  complexity: "O(1)",
  syntax: "[BALANCED | FAST-READS | FAST-WRITES | DEFAULT] [READ level] [WRITE level]",
  run(session, args) {
    if (args.length === 1) {
      const { read, write } = session.consistency;
      return map([
        ["read", `${read ?? "default"}`],
        ["write", `${write ?? "default"}`],
      ]);
    }
    if (args.length === 2 && word(args[1]!) === "DEFAULT") {
      session.consistency = UNASKED;
      return OK;
    }
    const { asked, end } = parseLevels(args, 1);
    if (end < args.length) throw new CommandError(SYNTAX_ERROR);
    refuseImpossible(asked, session.server.cluster);
    const { read, write } = session.consistency;
    session.consistency = { read: asked.read ?? read, write: asked.write ?? write };
    return OK;
  },
};
