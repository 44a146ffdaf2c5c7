/** What befalls a cluster, told in the words of a scenario: recorded from one run, played in another. */
import { assert } from "../../base/assert.ts";
import { FAULT_VERBS } from "../scenario/fault-verbs.ts";
import type { SimCluster } from "./sim-cluster.ts";

export interface Deed {
  /** Since the faults began; to the microsecond. */
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
  if (name === "start" && !["off", "failed"].includes(cluster.phaseOf(words[0]!))) return;
  verb.run(cluster, words);
}

export class ScriptRecorder {
  readonly #deeds: Deed[] = [];
  #sinceMs: number | undefined;

  get deeds(): readonly Deed[] {
    return this.#deeds;
  }

  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  end(): void {
    this.#sinceMs = undefined;
  }

  note(words: readonly string[], nowMs: number): void {
    if (this.#sinceMs === undefined) return;
    this.#deeds.push({ atMs: Math.round((nowMs - this.#sinceMs) * 1_000) / 1_000, words });
  }
}
