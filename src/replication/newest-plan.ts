/** Requests that meet a plan which is newer than the one they were made by: made again by that. */
import { StoreError } from "../base/errors.ts";
import type { Cluster } from "./replica-calls.ts";

export interface PlanSource {
  readonly cluster: Pick<Cluster, "epoch">;
  /** Resolves when it has been tried to learn of a newer plan than that of the epoch. */
  readonly renewPlan?: ((epoch: number) => Promise<void>) | undefined;
  /** True if it must not be done twice: then only what was surely not done is attempted again. */
  readonly isOnce?: boolean;
}

function isNotApplied(cause: unknown): boolean {
  return cause instanceof StoreError && cause.outcome === "not-applied";
}

/** Plans that one request meets on its way. */
const PLANS_MAX = 3;

/** As `attempt`, again and by a newer plan if replicas say that this node's is too old. */
export async function byNewestPlan<T>(
  { cluster, renewPlan, isOnce = false }: PlanSource,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let left = PLANS_MAX; ; left--) {
    const { epoch } = cluster;
    try {
      return await attempt();
    } catch (cause) {
      if (left === 0 || !isStale(cause) || (isOnce && !isNotApplied(cause))) throw cause;
      if (cluster.epoch === epoch) await renewPlan?.(epoch);
      if (cluster.epoch === epoch && left < PLANS_MAX) throw cause; // the plan may have changed just before
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
