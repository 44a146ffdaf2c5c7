/** What can be looked at in a scenario: `check NAME ...`. A new check is an entry of this table. */
import { toText, utf8 } from "../../base/bytes.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { resolveAll } from "../../causality/cell-value.ts";
import { Survey } from "../world/survey.ts";
import { copiesReport } from "./copies-check.ts";
import { valueText } from "./reply-text.ts";
import type { Stage } from "./stage.ts";
import type { Verb } from "./verbs.ts";
import { named } from "./words.ts";

const OFF = "off";

export const CHECKS: Readonly<Record<string, Verb>> = {
  nodes: {
    usage: "check nodes: which are up, and why others are not",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        const failure = cluster.failureOf(name);
        return failure === undefined ? cluster.phaseOf(name) : `failed: ${failure.message}`;
      }),
  },
  replicas: {
    usage: "check replicas KEY: what each node that should keep it has by itself, newest first",
    run: async (stage, [key]) => {
      const copies = new Map<string, string>();
      for (const name of stage.replicasOf(named(key)))
        copies.set(name, await copyOf(stage, name, named(key)));
      return grouped([...copies.keys()].sort(), (name) => copies.get(name)!);
    },
  },
  views: {
    usage: "check views: whom each node takes to be up",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        if (!cluster.isUp(name)) return OFF;
        const members = cluster.node(name).cluster!.members();
        const up = members.filter(({ isUp }) => isUp).map(({ peerHost }) => peerHost ?? "somebody");
        return `sees ${up.sort().join(" ")}`;
      }),
  },
  plans: {
    usage: "check plans: the members of the cluster, as each node knows them",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        if (!cluster.isUp(name)) return OFF;
        const hosts = cluster
          .node(name)
          .cluster!.members()
          .map(({ peerHost }) => peerHost ?? "somebody");
        return `members are ${hosts.sort().join(" ")}`;
      }),
  },
  scrubs: {
    usage:
      "check scrubs: how many tables each node has found damaged by reading through them, and whether it is done",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        const scrub = cluster.isUp(name) ? cluster.node(name).scrub : undefined;
        if (scrub === undefined) return OFF;
        return `${scrub.passes > 0 ? "done" : "not done"}, ${scrub.faults} damaged`;
      }),
  },
  versions: {
    usage: "check versions: of the peer protocol, in which each node speaks to others",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        if (!cluster.isUp(name)) return OFF;
        const links = [...cluster.node(name).cluster!.peerLinks.values()];
        const spoken = links.filter(({ state }) => state === "connected").map(({ version }) => version);
        return `speaks ${[...new Set(spoken)].sort().join(" and ")}`;
      }),
  },
  hints: {
    usage: "check hints: whether a node keeps any for others",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        if (!cluster.isUp(name)) return OFF;
        const waiting = cluster
          .node(name)
          .cluster!.members()
          .filter(({ hintsPending }) => hintsPending > 0);
        const targets = waiting.map(({ peerHost }) => peerHost ?? "somebody").sort();
        if (targets.length === 0 && cluster.node(name).cluster!.hints.statistics.count > 0)
          return "some for who has left";
        return targets.length === 0 ? "none" : `some for ${targets.join(" ")}`;
      }),
  },
  moves: {
    usage: "check moves: what is still to be moved, as each node knows it",
    run: ({ cluster }) =>
      grouped(cluster.names, (name) => {
        if (!cluster.isUp(name)) return OFF;
        return new Survey(cluster).movesAt(name).join(", ") || "nothing moves";
      }),
  },
  copies: {
    usage: "check copies: whether all rows of all nodes are where they shall be, equal, and nowhere else",
    run: ({ cluster }) => copiesReport(cluster),
  },
  load: {
    usage: "check load: ends the load, reads all its keys, and says what is lost",
    run: ({ load }) => load.report(),
  },
};

async function copyOf({ cluster }: Stage, name: string, key: string): Promise<string> {
  if (!cluster.names.includes(name) || !cluster.isUp(name)) return OFF;
  const loading = cluster.node(name).replica.received.load({ database: 0, key: utf8(key) });
  const encoded = await cluster.world.runUntil(Promise.resolve(loading));
  if (encoded === undefined) return "nothing";
  const values = resolveAll(decodeCell(encoded), cluster.world.runtime(name).clock.wallMs());
  return values.length === 0
    ? "deleted or expired"
    : values.map(({ payload }) => valueText(toText(payload))).join(" | ");
}

/** One line for each answer: "n1 n3: up". */
function grouped(names: readonly string[], answerOf: (name: string) => string): string[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const answer = answerOf(name);
    groups.set(answer, [...(groups.get(answer) ?? []), name]);
  }
  return [...groups].map(([answer, members]) => `${members.join(" ")}: ${answer}`);
}
