/**
 * The cluster as clients of Redis Cluster want to see it: ranges of slots, and for each who serves it. A client that knows
 * sends requests straight to a replica of their key; nobody has to, since any node serves any key.
 *
 * The first replica of a range that is up stands where Redis has the primary; those that are down are left out. Those of this
 * node's datacenter come first: so a client that was told of a node near it stays near.
 */
import { map, type Reply } from "../../resp/reply.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { ServedCluster, ServedMember } from "./served-cluster.ts";
import { replicatedRanges } from "./slot-ranges.ts";

const ID_LENGTH = 40;

/** Ids have 40 digits in Redis, and some clients look. */
export function shownId(id: NodeId): string {
  return id.padEnd(ID_LENGTH, "0");
}

interface ShownRange {
  readonly first: number;
  readonly last: number;
  /** Up, with a known address, best first. */
  readonly members: readonly ReachableMember[];
}

type ReachableMember = ServedMember & { readonly host: string; readonly port: number };

export class ClusterFace {
  readonly #cluster: ServedCluster;
  /** Where this node's clients reach it. */
  readonly #own: { readonly host: string; readonly port: number };

  constructor(cluster: ServedCluster, own: { readonly host: string; readonly port: number }) {
    this.#cluster = cluster;
    this.#own = own;
  }

  /** CLUSTER SLOTS. */
  slots(): Reply {
    return this.#ranges().map(({ first, last, members }) => [first, last, ...members.map(slotsEntry)]);
  }

  /** CLUSTER SHARDS: ranges that the same nodes serve, in the same order, are one shard. */
  shards(): Reply {
    const shards = new Map<string, ShownRange[]>();
    for (const range of this.#ranges()) {
      const name = range.members.map(({ id }) => id).join(" ");
      shards.set(name, [...(shards.get(name) ?? []), range]);
    }
    return [...shards.values()].map((ranges) =>
      map([
        ["slots", ranges.flatMap(({ first, last }) => [first, last])],
        ["nodes", ranges[0]!.members.map((member, i) => shardEntry(member, i === 0))],
      ]),
    );
  }

  /** CLUSTER NODES: every node is a primary, of the ranges in which it comes first. */
  nodes(): string {
    const ranges = this.#ranges();
    const lines = this.#members().map((member) => {
      const { id, host = "", port = 0, peerPort = 0, isSelf, isUp } = member;
      const own = ranges.filter(({ members }) => members[0]?.id === id);
      const shown = own.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
      const flags = `${isSelf ? "myself," : ""}master${isUp ? "" : ",fail?"}`;
      const link = isUp ? "connected" : "disconnected";
      const { epoch } = this.#cluster.topology;
      const address = `${host}:${port}@${peerPort}`;
      return [shownId(id), address, flags, "-", 0, 0, epoch, link, ...shown].join(" ");
    });
    return `${lines.join("\n")}\n`;
  }

  /** CLUSTER INFO. */
  fields(): string {
    const members = this.#members();
    const served = this.#ranges().filter(({ members: some }) => some.length > 0);
    const servedSlots = served.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const owners = new Set(served.map((range) => range.members[0]!.id));
    const { epoch } = this.#cluster.topology;
    const fields = [
      ["cluster_enabled", 1],
      ["cluster_state", servedSlots === SLOT_COUNT ? "ok" : "fail"],
      ["cluster_slots_assigned", SLOT_COUNT],
      ["cluster_slots_ok", servedSlots],
      ["cluster_slots_pfail", SLOT_COUNT - servedSlots],
      ["cluster_slots_fail", 0],
      ["cluster_known_nodes", members.length],
      ["cluster_size", owners.size],
      ["cluster_current_epoch", epoch],
      ["cluster_my_epoch", epoch],
    ];
    return fields.map(([name, value]) => `${name}:${value}\r\n`).join("");
  }

  /** CLUSTER LINKS: one to each other node that is up. */
  links(): Reply {
    const others = this.#members().filter(({ isSelf, isUp }) => !isSelf && isUp);
    return others.map(({ id }) =>
      map([
        ["direction", "to"],
        ["node", shownId(id)],
        ["create-time", 0],
        ["events", "rw"],
        ["send-buffer-allocated", 0],
        ["send-buffer-used", 0],
      ]),
    );
  }

  /** A member by the id that it is shown with. */
  memberShownAs(id: string): ServedMember | undefined {
    return this.#members().find((member) => shownId(member.id) === id);
  }

  #members(): readonly ServedMember[] {
    return this.#cluster
      .members()
      .map((member) =>
        member.isSelf ? { ...member, host: member.host || this.#own.host, port: this.#own.port } : member,
      );
  }

  #ranges(): readonly ShownRange[] {
    const byId = new Map(this.#members().map((member) => [member.id, member]));
    const { datacenter } = this.#cluster.self;
    return replicatedRanges(this.#cluster.view).map(({ first, last, replicas }) => {
      const members = replicas.map(({ id }) => byId.get(id)).filter(isReachable);
      const isNear = (member: ReachableMember): boolean => member.datacenter === datacenter;
      return {
        first,
        last,
        members: [...members.filter(isNear), ...members.filter((each) => !isNear(each))],
      };
    });
  }
}

function isReachable(member: ServedMember | undefined): member is ReachableMember {
  return member?.isUp === true && Boolean(member.host) && Boolean(member.port);
}

function slotsEntry({ id, host, port }: ReachableMember): Reply {
  return [host, port, shownId(id), []];
}

function shardEntry({ id, host, port }: ReachableMember, isFirst: boolean): Reply {
  return map([
    ["id", shownId(id)],
    ["port", port],
    ["ip", host],
    ["endpoint", host],
    ["role", isFirst ? "master" : "replica"],
    ["replication-offset", 0],
    ["health", "online"],
  ]);
}
