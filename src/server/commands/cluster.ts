/**
 * `CLUSTER ...`: what clients of a Redis Cluster ask, so that they can send requests straight to who keeps the key. A node
 * alone answers `KEYSLOT`, and refuses the rest as Redis without a cluster does.
 */
import { OK, type Reply, verbatim } from "../../resp/reply.ts";
import { SLOT_COUNT, slotOf } from "../../ring/slot.ts";
import { POSITION_COUNT } from "../../storage/row-key.ts";
import { integer64, latin1 } from "../arguments.ts";
import type { ClusterDoor } from "../cluster/cluster-door.ts";
import { ClusterFace, shownId } from "../cluster/cluster-face.ts";
import { CommandError, type CommandFlag, type Session, type SessionCommand } from "../command.ts";
import { container } from "../container.ts";

const CLUSTER_DISABLED = "ERR This instance has cluster support disabled";
const KEYS_MAX = 100_000;

type Ask = (door: ClusterDoor, session: Session, args: readonly Uint8Array[]) => Reply | Promise<Reply>;

interface Given {
  readonly summary: string;
  readonly arity?: number;
  readonly since?: string;
  readonly syntax?: string;
  readonly complexity?: string;
  readonly flags?: readonly CommandFlag[];
  readonly ask: Ask;
}

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

function inCluster(name: string, given: Given): SessionCommand {
  const { summary, arity = 2, since = "3.0.0", syntax, complexity = "O(N) with N slots", ask } = given;
  const { flags = ["stale"] } = given;
  return {
    name,
    kind: "session",
    arity,
    flags,
    group: "cluster",
    since,
    summary,
    complexity,
    ...(syntax === undefined ? {} : { syntax }),
    run(session, args) {
      const { clusterDoor } = session.server;
      if (clusterDoor === undefined) throw new CommandError(CLUSTER_DISABLED);
      return ask(clusterDoor, session, args);
    },
  };
}

/** Asks for what clients of Redis Cluster see. */
function face(
  name: string,
  summary: string,
  show: (face: ClusterFace) => Reply,
  since = "3.0.0",
): SessionCommand {
  return inCluster(name, {
    summary,
    since,
    ask: ({ cluster }, { server }) => show(new ClusterFace(cluster, server)),
  });
}

export const cluster = container({
  name: "cluster",
  group: "cluster",
  since: "3.0.0",
  helpSince: "5.0.0",
  summary: "Tells of slots, and of the nodes that keep them.",
  subcommands: [
    inCluster("cluster|count-failure-reports", {
      summary: "Answers 1 if this node takes another to be down, else 0.",
      arity: 3,
      flags: ["admin", "stale"],
      syntax: "node-id",
      complexity: "O(N) with N nodes",
      ask: ({ cluster: served }, { server }, args) => {
        const member = new ClusterFace(served, server).memberShownAs(latin1(args[2]!));
        if (member === undefined) throw new CommandError(`ERR Unknown node ${latin1(args[2]!)}`);
        return member.isUp ? 0 : 1;
      },
    }),
    inCluster("cluster|countkeysinslot", {
      summary: "Counts the keys of a slot, as one replica of it has them.",
      arity: 3,
      syntax: "slot",
      complexity: "O(1)",
      ask: async ({ tally }, { database }, args) => {
        const slot = slotArgument(args[2]!);
        const [count] = await tally.count(database, [{ first: slot, last: slot }]);
        return count!;
      },
    }),
    inCluster("cluster|getkeysinslot", {
      summary: "Answers keys of a slot.",
      arity: 4,
      syntax: "slot count",
      complexity: "O(N) with N keys asked for",
      ask: keysInSlot,
    }),
    face("cluster|info", "Tells how the cluster is, as this node sees it.", (shown) =>
      verbatim("txt", shown.fields()),
    ),
    clusterKeyslot,
    face("cluster|links", "Lists the links to other nodes.", (shown) => shown.links(), "7.0.0"),
    inCluster("cluster|myid", {
      summary: "Answers the id of this node.",
      complexity: "O(1)",
      ask: ({ cluster: { self } }) => shownId(self.id),
    }),
    face("cluster|nodes", "Lists the nodes, and the slots in which each comes first.", (shown) =>
      verbatim("txt", shown.nodes()),
    ),
    face("cluster|shards", "Lists the slots, and who serves them.", (shown) => shown.shards(), "7.0.0"),
    face("cluster|slots", "Lists the slots, and who serves them.", (shown) => shown.slots()),
  ],
});

/** What a client of a cluster says to a node before it asks for what another is first for: here it need not. */
export const clusterModes = ["asking", "readonly", "readwrite"].map((name) =>
  inCluster(name, {
    summary: "Changes nothing: every node of a cluster serves every key.",
    arity: 1,
    flags: name === "asking" ? ["fast"] : ["loading", "stale", "fast"],
    complexity: "O(1)",
    ask: () => OK,
  }),
);

async function keysInSlot(
  { sweep }: ClusterDoor,
  { database, consistency: asked }: Session,
  args: readonly Uint8Array[],
): Promise<Reply> {
  const slot = slotArgument(args[2]!);
  const count = Number(integer64(args[3]!));
  if (count < 0) throw new CommandError("ERR Invalid number of keys");
  const keys: Uint8Array[] = [];
  const end = (slot + 1) * POSITION_COUNT;
  for (let from = slot * POSITION_COUNT; from < end && keys.length < Math.min(count, KEYS_MAX); ) {
    const found = await sweep.walk({ database, from, rowsMax: Math.min(count, KEYS_MAX), asked });
    keys.push(...found.keys.filter((key) => slotOf(key) === slot));
    from = found.place;
  }
  return keys.slice(0, count);
}

function slotArgument(argument: Uint8Array): number {
  const slot = Number(integer64(argument));
  if (slot < 0 || slot >= SLOT_COUNT) throw new CommandError("ERR Invalid slot");
  return slot;
}
