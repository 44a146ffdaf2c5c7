/** What can be done in a scenario, by the first word of a line. A new verb is an entry of this table. */
import { FAULT_VERBS } from "./fault-verbs.ts";
import type { Stage } from "./stage.ts";
import { number } from "./words.ts";

export interface Verb {
  readonly usage: string;
  /** What it says is held against what is expected. Throws Usage if the words make no sense. */
  readonly run: (stage: Stage, words: readonly string[]) => Awaited<Said> | Promise<Said>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a verb that says nothing need not say so
type Said = readonly string[] | void;

const UP_MS = 60_000;

export const VERBS: Readonly<Record<string, Verb>> = {
  ...ofStage(),
  pass: {
    usage: "pass: nothing is done, time passes",
    run: () => undefined,
  },
  wait: {
    usage: "wait NODE ...: until they are up, or have failed, or a minute is over; says who is not up",
    run: async ({ cluster }, nodes) => {
      const endMs = cluster.world.nowMs + UP_MS;
      const isPending = (name: string): boolean => cluster.phaseOf(name) === "starting";
      while (nodes.some(isPending) && cluster.world.nowMs < endMs) await cluster.world.runFor(50);
      return nodes
        .filter((name) => !cluster.isUp(name))
        .map((name) => `${name} is not up: ${cluster.failureOf(name)?.message ?? cluster.phaseOf(name)}`);
    },
  },
  sever: {
    usage: "sever DATACENTER DATACENTER: a partition of all their nodes",
    run: ({ cluster }, [some, other]) => {
      const of = (datacenter: string | undefined): string[] =>
        cluster.plan.nodes.filter((node) => node.datacenter === datacenter).map(({ name }) => name);
      cluster.world.partition(of(some), of(other));
    },
  },
  load: {
    usage:
      "load CLIENTS: so many more write to keys of their own, at nodes that are up, until load-end or check load",
    run: ({ load }, [clients]) => load.begin(number(clients)),
  },
  "load-end": {
    usage: "load-end: the clients stop",
    run: ({ load }) => load.end(),
  },
};

function ofStage(): Readonly<Record<string, Verb>> {
  const entries = Object.entries(FAULT_VERBS).map(([name, { usage, run }]): [string, Verb] => [
    name,
    { usage, run: ({ cluster }, words) => run(cluster, words) },
  ]);
  return Object.fromEntries(entries);
}
