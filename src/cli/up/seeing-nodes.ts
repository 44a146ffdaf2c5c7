/**
 * Whether nodes that were started together see each other. One that has just begun takes others for down until it has heard of them,
 * and refuses what a quorum must answer: whoever is told to go ahead before that is refused at once.
 */
import type { Clock } from "../../runtime/runtime.ts";
import type { ClusterStatus } from "../../server/commands/kv-status.ts";
import { NoAnswer } from "../node-question.ts";

const LOOK_MS = 100;

/** What a node tells of its cluster. Rejects with NoAnswer. */
export type StatusQuestion = () => Promise<Pick<ClusterStatus, "members">>;

/** Resolves to true once each node says that all members are up; to false if that is not so after `patienceMs`. */
export async function allSeeEachOther(
  clock: Pick<Clock, "monotonicMs" | "sleep">,
  nodes: readonly StatusQuestion[],
  patienceMs: number,
): Promise<boolean> {
  for (const endMs = clock.monotonicMs() + patienceMs; ; await clock.sleep(LOOK_MS)) {
    const seeing = await Promise.all(nodes.map(seesAll));
    if (seeing.every(Boolean)) return true;
    if (clock.monotonicMs() >= endMs) return false;
  }
}

async function seesAll(ask: StatusQuestion): Promise<boolean> {
  try {
    return (await ask()).members.every(({ up }) => up);
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    return false;
  }
}
