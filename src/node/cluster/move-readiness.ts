/**
 * Whether slots may begin to move, or reads go where they were moved to. Pure.
 *
 * While slots move, writes need majorities of two lists of owners (ADR 12). A node that gains slots, and is up, but is not seen
 * so by another yet, is as good as down for that one: then the death of one more owner would leave it too few. So nothing
 * changes before all who are up see each other, as far as gaining is concerned: then one may die.
 */
import type { NodeId } from "../../ring/ring-member.ts";
import type { MoveReport } from "./move-report.ts";

export interface Circumstances {
  /** Members who are up, by the lights of who asks. */
  readonly up: readonly NodeId[];
  /** Whoever gains a slot. */
  readonly gainers: readonly NodeId[];
  /** What members have told just now. */
  readonly reports: ReadonlyMap<NodeId, Pick<MoveReport, "unseen">>;
}

/** In words, what must be waited for; undefined if nothing. */
export function reasonToWait({ up, gainers, reports }: Circumstances): string | undefined {
  const away = gainers.find((id) => !up.includes(id));
  if (away !== undefined) return `${away} is down, and is to be given slots`;
  const silent = up.find((id) => !reports.has(id));
  if (silent !== undefined) return `${silent} does not answer`;
  for (const id of up) {
    const { unseen } = reports.get(id)!;
    const concerned = gainers.includes(id) ? up : gainers;
    const other = concerned.find((each) => each !== id && unseen.includes(each));
    if (other !== undefined) return `${id} does not see ${other} up yet`;
  }
  return undefined;
}
