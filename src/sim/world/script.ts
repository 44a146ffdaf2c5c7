/** What befalls a cluster, told in the words of a scenario: recorded from one run, played in another. */
import { assert } from "../../base/assert.ts";
import { FAULT_VERBS } from "../scenario/fault-verbs.ts";
import type { SimCluster } from "./sim-cluster.ts";

export interface Deed {
  /** Since the faults began. */
  readonly atMs: number;
  readonly words: readonly string[];
}

/** Plans all deeds, counted from now. What is left of them at `untilMs` does not happen. */
export function playScript(cluster: SimCluster, script: readonly Deed[], untilMs: number): void {
  for (const deed of script) {
    if (deed.atMs < untilMs) cluster.world.scheduler.after(deed.atMs, () => play(cluster, deed.words));
  }
}

/** Of a deed that is no more than a part of what it was taken from, as much as still makes sense. */
function play(cluster: SimCluster, [name, ...words]: readonly string[]): void {
  const verb = FAULT_VERBS[name!];
  assert(verb !== undefined, `there is no ${name}`);
  if (!isPossible(cluster, name!, words[0])) return;
  if (name === "start" && !["off", "failed"].includes(cluster.phaseOf(words[0]!))) return;
  verb.run(cluster, words);
}

/** A part may lack the joining of a node, or a node may have left earlier than in the whole. */
function isPossible(cluster: SimCluster, verb: string, node: string | undefined): boolean {
  if (verb === "join") return !cluster.hasPlace(node!);
  return !OF_ONE_NODE.has(verb) || (cluster.hasPlace(node!) && cluster.phaseOf(node!) !== "left");
}

const OF_ONE_NODE: ReadonlySet<string> = new Set([
  ...["kill", "crash", "wipe", "pause", "start", "clock", "disk"],
  ...["leave", "weight", "replace"],
]);

/** Keeps what is told of between `begin` and `end`. */
export class ScriptRecorder {
  readonly #onDeed: (deed: Deed) => void;
  #sinceMs: number | undefined;

  constructor(onDeed: (deed: Deed) => void) {
    this.#onDeed = onDeed;
  }

  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  end(): void {
    this.#sinceMs = undefined;
  }

  note(words: readonly string[], nowMs: number): void {
    if (this.#sinceMs === undefined) return;
    this.#onDeed({ atMs: nowMs - this.#sinceMs, words });
  }
}
