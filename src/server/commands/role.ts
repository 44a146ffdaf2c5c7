/** What clients ask of replication. There is no primary and no replica of one: each node answers as a primary would. */
import { OK } from "../../resp/reply.ts";
import { integer64, word } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { timeout } from "./client.ts";

export const role: SessionCommand = {
  name: "role",
  kind: "session",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast"],
  group: "server",
  since: "2.8.12",
  summary: "Answers that this node takes writes.",
  complexity: "O(1)",
  run: () => ["master", 0, []],
};

/** A write is answered when enough replicas have it, so there is nothing left to wait for: answers at once. */
export const wait: SessionCommand = {
  name: "wait",
  kind: "session",
  arity: 3,
  flags: ["noscript"],
  group: "generic",
  since: "3.0.0",
  summary: "Answers, without waiting, how many replicas of a primary there are: none.",
  complexity: "O(1)",
  syntax: "numreplicas timeout",
  run(_session, args) {
    integer64(args[1]!);
    timeout(args[2]!);
    return 0;
  },
};

function replicaof(name: string, since: string): SessionCommand {
  return {
    name,
    kind: "session",
    arity: 3,
    flags: ["admin", "noscript", "stale", "no_async_loading"],
    group: "server",
    since,
    summary: "Refuses to follow a primary; NO ONE, which is so already, is fine.",
    complexity: "O(1)",
    syntax: "host port",
    run(_session, args) {
      if (word(args[1]!) === "NO" && word(args[2]!) === "ONE") return OK;
      throw new CommandError(`ERR ${name.toUpperCase()} is not supported: a Kvorum node follows no primary`);
    },
  };
}

export const replicaofCommands = [replicaof("replicaof", "5.0.0"), replicaof("slaveof", "1.0.0")];
