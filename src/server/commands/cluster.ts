/** `CLUSTER KEYSLOT key` -> the key's slot. What else clients ask of a cluster is refused as Redis without one does. */
import { slotOf } from "../../ring/slot.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { container } from "../container.ts";

const CLUSTER_DISABLED = "ERR This instance has cluster support disabled";

const clusterKeyslot: SessionCommand = {
  name: "cluster|keyslot",
  kind: "session",
  arity: 3,
  flags: ["stale"],
  group: "cluster",
  since: "3.0.0",
  summary: "Answers the slot of a key.",
  complexity: "O(N) in the key's length",
  syntax: "key",
  run: (_session, args) => slotOf(args[2]!, 0, args[2]!.length),
};

function disabled(name: string, { arity = 2, since = "3.0.0", syntax = "" } = {}): SessionCommand {
  return {
    name,
    kind: "session",
    arity,
    flags: name.startsWith("cluster|") ? ["stale"] : ["loading", "stale", "fast"],
    group: "cluster",
    since,
    summary: "Refuses: this node is not part of a cluster.",
    complexity: "O(1)",
    ...(syntax === "" ? {} : { syntax }),
    run() {
      throw new CommandError(CLUSTER_DISABLED);
    },
  };
}

export const cluster = container({
  name: "cluster",
  group: "cluster",
  since: "3.0.0",
  helpSince: "5.0.0",
  summary: "Tells of slots.",
  subcommands: [
    disabled("cluster|countkeysinslot", { arity: 3, syntax: "slot" }),
    disabled("cluster|getkeysinslot", { arity: 4, syntax: "slot count" }),
    disabled("cluster|info"),
    clusterKeyslot,
    disabled("cluster|links", { since: "7.0.0" }),
    disabled("cluster|myid"),
    disabled("cluster|nodes"),
    disabled("cluster|shards", { since: "7.0.0" }),
    disabled("cluster|slots"),
  ],
});

/** What a client of a cluster says to a replica before it reads there. */
export const clusterModes = [disabled("readonly", { arity: 1 }), disabled("readwrite", { arity: 1 })];
