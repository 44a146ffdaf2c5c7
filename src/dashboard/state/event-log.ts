/** The events that the page remembers. */
import type { ClusterEvent } from "../api/answers.ts";

const EVENTS_MAX = 200;

/** `known` with `news`, newest first, each once, and no more than EVENTS_MAX. */
export function withEvents(
  known: readonly ClusterEvent[],
  news: readonly ClusterEvent[],
): readonly ClusterEvent[] {
  const ids = new Set(known.map(({ id, atMs }) => `${id} ${atMs}`));
  const fresh = news.filter(({ id, atMs }) => !ids.has(`${id} ${atMs}`));
  if (fresh.length === 0) return known;
  return [...fresh, ...known]
    .sort((a, b) => b.atMs - a.atMs || Number(b.id) - Number(a.id))
    .slice(0, EVENTS_MAX);
}
