/** `KV.HELP` -> how the KV commands are used, for people. */
import { simple } from "../../resp/reply.ts";
import type { SessionCommand } from "../command.ts";

const LINES = [
  "KV.GET key",
  "    All concurrent values of the key, newest first, after a context: what you have now seen.",
  "KV.PUT key value [CONTEXT context] [EX seconds | PX milliseconds | EXAT time | PXAT time | KEEPTTL] [RECEIPT]",
  "    Replaces what the context has seen. What it has not seen stays, as a sibling. Answers a new context.",
  "KV.DEL key [CONTEXT context]",
  "    Deletes what the context has seen; without one, what is there now.",
  "KV.CHECKPOINT [name | path]",
  "    With storage disk: a copy of all data as it is now, at DATA/checkpoints/name or path. Answers where.",
  "KV.CONSISTENCY [BALANCED | FAST-READS | FAST-WRITES | DEFAULT] [READ level] [WRITE level]",
  "    How many machines this connection's requests wait for: one, quorum, all, local_quorum, each_quorum, or a number.",
  "KV.WITH [READ level] [WRITE level] [RECEIPT] [TRACEPARENT parent] -- command [arg ...]",
  "    The same for one request. RECEIPT answers an array of the reply and what the write rests on.",
  "KV.REPAIR [START] [first-slot last-slot] | PROGRESS",
  "    Compares this node's copies with the other replicas' and mends what differs. Answers what it did, as JSON.",
  "KV.STATUS",
  "    The cluster as this node sees it, as JSON: members, slots, keyspaces.",
  "KV.HOTKEYS [BY reads | writes | bytes] [COUNT count]",
  "    The keys that this node is asked for most, lately. JSON.",
  "KV.TRACE command [arg ...]",
  "    Runs a command on keys, and tells every step of it, with node and microseconds. JSON.",
  "KV.WHERE key",
  "    Where the key lives: its slot, its replicas, and what each of them has of it now. JSON.",
  "KV.KEYSPACE SET name [setting value ...] | LIST | SHOW name | DROP name",
  "    Settings of the keys that begin with name and a colon: how long they live, how many machines requests wait for.",
  "KV.MEMBER LEAVE id | WEIGHT id weight | STAY",
  "    Takes a member out of the cluster, or gives it another share, while all goes on; STAY takes that back.",
  "GET shows the newest value; SET and DEL replace and delete all that this node has seen.",
];

export const kvHelp: SessionCommand = {
  name: "kv.help",
  kind: "session",
  arity: 1,
  flags: ["loading", "stale"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Tells how the KV commands are used.",
  complexity: "O(1)",
  run: () => LINES.map((line) => simple(line)),
};
