/** The first lines of a scenario: what the stage looks like before anything happens. */
import { DEFAULT_SETTINGS, type NodeSettings } from "../../node/settings.ts";
import type { PlanWishes } from "../world/cluster-plan.ts";
import { parseDuration } from "./duration.ts";

export interface StageSettings {
  readonly seed: string;
  readonly wishes: PlanWishes;
  /** One way, between datacenters. */
  readonly distances: readonly Distance[];
  /** The highest version of the peer protocol that all nodes own up to at first; undefined: all they know. */
  readonly speaks: number | undefined;
}

export interface Distance {
  readonly between: readonly [string, string];
  readonly latencyMs: number;
}

interface Draft {
  seed: string;
  nodes: number;
  datacenters: number;
  settings: Record<string, unknown>;
  copies: { datacenter: string; count: number }[];
  distances: Distance[];
  speaks: number | undefined;
}

interface Setting {
  readonly usage: string;
  readonly apply: (draft: Draft, words: readonly string[]) => boolean;
}

export const SETTINGS: Readonly<Record<string, Setting>> = {
  seed: {
    usage: "seed TEXT: all chance comes from it",
    apply: (draft, [seed]) => {
      draft.seed = seed!;
      return true;
    },
  },
  nodes: {
    usage: "nodes COUNT: n1, n2, ..., each a machine of its own",
    apply: (draft, [count]) => {
      draft.nodes = Number(count);
      return Number.isInteger(draft.nodes) && draft.nodes > 0;
    },
  },
  datacenters: {
    usage: "datacenters COUNT: nodes are dealt out to dc1, dc2, ... in turn",
    apply: (draft, [count]) => {
      draft.datacenters = Number(count);
      return Number.isInteger(draft.datacenters) && draft.datacenters > 0;
    },
  },
  copies: {
    usage: "copies dc1=2 dc2=1: of each key, by datacenter",
    apply: (draft, words) =>
      words.every((word) => {
        const [datacenter, count] = word.split("=");
        draft.copies.push({ datacenter: datacenter!, count: Number(count) });
        return Number(count) > 0;
      }),
  },
  distance: {
    usage: "distance DATACENTER DATACENTER TIME: how long a packet takes from the one to the other",
    apply: (draft, [from, to, time]) => {
      const latencyMs = parseDuration(time ?? "");
      if (latencyMs === undefined) return false;
      draft.distances.push({ between: [from!, to!], latencyMs });
      return true;
    },
  },
  speaks: {
    usage:
      "speaks VERSION: all nodes are as of that version of the peer protocol, until they are started as of another",
    apply: (draft, [version]) => {
      draft.speaks = Number(version);
      return Number.isInteger(draft.speaks) && draft.speaks > 0;
    },
  },
  set: {
    usage: "set NAME VALUE: a setting of all nodes, by its name in src/node/settings.ts",
    apply: (draft, [name, value]) => {
      if (!(name! in DEFAULT_SETTINGS) || value === undefined) return false;
      draft.settings[name!] = typed(value);
      return true;
    },
  },
};

/** `isTaken(words)` is false if they are no setting; throws Error with its usage if they are a wrong one. */
export class SettingsReader {
  readonly #draft: Draft = {
    seed: "1",
    nodes: 3,
    datacenters: 1,
    settings: {},
    copies: [],
    distances: [],
    speaks: undefined,
  };

  take([name, ...words]: readonly string[]): boolean {
    const setting = Object.hasOwn(SETTINGS, name!) ? SETTINGS[name!] : undefined;
    if (setting === undefined) return false;
    if (words.length === 0 || !setting.apply(this.#draft, words)) throw new Error(setting.usage);
    return true;
  }

  settings(): StageSettings {
    const { seed, nodes, datacenters, settings, copies, distances, speaks } = this.#draft;
    const wishes = { nodes, datacenters, settings: settings as Partial<NodeSettings> };
    return {
      ...{ seed, distances, speaks },
      wishes: copies.length === 0 ? wishes : { ...wishes, keyspace: { copies } },
    };
  }
}

function typed(text: string): unknown {
  if (/^\d+$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}
