/** `MSET key value [key value ...]` -> OK. `MSETNX ...` -> 1, or 0 with nothing done if any of the keys was there. */
import { NEVER } from "../../causality/cell.ts";
import { OK } from "../../resp/reply.ts";
import { type Change, CommandError, type FastPath, type UpdateManyCommand } from "../command.ts";

export const mset: UpdateManyCommand = {
  name: "mset",
  kind: "update-many",
  arity: -3,
  flags: ["write", "denyoom"],
  group: "string",
  since: "1.0.1",
  summary: "Gives several keys their values at once; in a cluster, keys of several slots one by one.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 2 },
  syntax: "key value [key value ...]",
  isBlind: () => true,
  run: (_views, args) => ({ reply: OK, changes: puts(args, "mset") }),
};

export const msetnx: UpdateManyCommand = {
  name: "msetnx",
  kind: "update-many",
  arity: -3,
  flags: ["write", "denyoom"],
  group: "string",
  since: "1.0.1",
  summary: "As MSET, unless any of the keys has a value.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 2 },
  syntax: "key value [key value ...]",
  run(views, args) {
    const changes = puts(args, "msetnx");
    const isAnyThere = views.some(({ value }) => value !== undefined);
    return isAnyThere ? { reply: 0, changes: [] } : { reply: 1, changes };
  },
};

function puts(args: readonly Uint8Array[], command: string): Change[] {
  if (args.length % 2 === 0) throw new CommandError(`ERR wrong number of arguments for '${command}' command`);
  const changes: Change[] = [];
  for (let i = 2; i < args.length; i += 2) {
    changes.push({ kind: "put", value: args[i]!, expiresAtMs: NEVER });
  }
  return changes;
}

export const msetFast: FastPath = ({ server, database }, request, writer) => {
  const { argCount } = request;
  const { inPlace } = server.node.replica;
  if (argCount < 3 || argCount % 2 === 0 || !inPlace.isPossible(database, request, 2)) return false;
  inPlace.put(database, request, server.wallMs);
  writer.ok();
  return true;
};
