/** The last minutes of the charts' series, kept up to date by answers that overlap. */
import { type HistorySeries, SERIES_NAMES } from "../api/answers.ts";

export const WINDOW_SECONDS = 600;

/** `known` with what of `news` is later, without what has grown too old. */
export function withSamples(known: HistorySeries | undefined, news: HistorySeries): HistorySeries {
  const before = known ?? { times: [] };
  const last = before.times.at(-1) ?? Number.NEGATIVE_INFINITY;
  const firstFresh = news.times.findIndex((time) => time > last);
  if (firstFresh < 0) return before;
  const oldest = news.times.at(-1)! - WINDOW_SECONDS * 1000;
  const keptFrom = before.times.findIndex((time) => time > oldest);
  const kept = <T>(of: readonly T[]): readonly T[] => (keptFrom < 0 ? [] : of.slice(keptFrom));
  const gap = { before: before.times.length, news: news.times.length };
  const joined = SERIES_NAMES.map((name) => [
    name,
    [
      ...kept(before[name] ?? Array.from({ length: gap.before }, () => null)),
      ...(news[name] ?? Array.from({ length: gap.news }, () => null)).slice(firstFresh),
    ],
  ]);
  return { ...Object.fromEntries(joined), times: [...kept(before.times), ...news.times.slice(firstFresh)] };
}
