/**
 * `KV.MEMBER LEAVE id | WEIGHT id weight | STAY` -> OK once the cluster's plan says so. Slots move then, while all goes on:
 * `KV.STATUS` tells how far it is. An id may be given by its beginning.
 */

import { toText } from "../../base/bytes.ts";
import { memberNamed, whyNobody } from "../../membership/member-name.ts";
import { WEIGHT_MAX } from "../../membership/topology.ts";
import type { ClusterNode } from "../../node/cluster-node.ts";
import { simple } from "../../resp/reply.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SYNTAX_ERROR } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { integer32 } from "../database-argument.ts";

const OK = simple("OK");

export const kvMember: SessionCommand = {
  name: "kv.member",
  kind: "session",
  arity: -2,
  flags: ["admin", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Begins to take a member out of the cluster, to give it another weight, or takes that back.",
  complexity: "O(N) with N slots; data moves afterwards",
  syntax: "<LEAVE | WEIGHT | STAY> [id] [weight]",
  async run({ server }, args) {
    const { cluster } = server.node;
    const moves = cluster?.moves;
    if (cluster === undefined || moves === undefined) {
      throw new CommandError("ERR this node is alone: nobody joins or leaves");
    }
    const [word, ...rest] = args.slice(1).map((arg) => toText(arg));
    switch (`${word!.toLowerCase()} ${rest.length}`) {
      case "leave 1":
        await moves.remove(memberIn(cluster, rest[0]!));
        return OK;
      case "weight 2":
        await moves.reweigh(memberIn(cluster, rest[0]!), weightOf(args[3]!));
        return OK;
      case "stay 0":
        await moves.cancel();
        return OK;
      default:
        throw new CommandError(SYNTAX_ERROR);
    }
  },
};

function memberIn({ topology }: ClusterNode, name: string): NodeId {
  const named = memberNamed(topology.members, name);
  if (named.kind === "found") return named.id;
  throw new CommandError(`ERR ${whyNobody(name, named)}`);
}

function weightOf(arg: Uint8Array): number {
  const rule = `ERR a weight is a whole number from 1 to ${WEIGHT_MAX}`;
  const weight = integer32(arg, rule);
  if (weight < 1 || weight > WEIGHT_MAX) throw new CommandError(rule);
  return weight;
}
