/** Requests that meet a plan which is newer than the one they were made by: made again by that. */
import { StoreError } from "../base/errors.ts";
import type { Cluster } from "./replica-calls.ts";

export interface PlanSource {
  readonly cluster: Pick<Cluster, "epoch">;
  /** Resolves when it has been tried to learn of a newer plan than that of the epoch. */
  readonly renewPlan?: (epoch: number) => Promise<void>;
}

/** Plans that one request meets on its way. */
const PLANS_MAX = 3;

/** As `attempt`, again and by a newer plan if replicas say that this node's is too old. */
export async function byNewestPlan<T>(
  { cluster, renewPlan }: PlanSource,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let left = PLANS_MAX; ; left--) {
    const { epoch } = cluster;
    try {
      return await attempt();
    } catch (cause) {
      if (left === 0 || !isStale(cause)) throw cause;
      if (cluster.epoch === epoch) await renewPlan?.(epoch);
      if (cluster.epoch === epoch) throw cause;
    }
  }
}

/** True if a replica has refused because its plan is newer. */
function isStale(cause: unknown): boolean {
  for (let error = cause; error instanceof StoreError; error = error.cause) {
    if (error.code === "STALE_PLAN") return true;
  }
  return false;
}
