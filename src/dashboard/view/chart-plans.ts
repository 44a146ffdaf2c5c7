/** The charts: which series each shows, how its values read, and what it says to who cannot see it. */
import type { HistorySeries, SeriesName } from "../api/answers.ts";
import { durationText, millisecondsText, percentText, rateText } from "./number-text.ts";

export interface ChartLine {
  readonly series: SeriesName;
  readonly label: string;
  /** A colour of the style sheet. */
  readonly colour: string;
}

export interface ChartPlan {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly lines: readonly ChartLine[];
  readonly text: (value: number | null | undefined) => string;
  /** The scale's least top: so that a quiet node does not look like a busy one. */
  readonly topMin: number;
}

export const CHARTS: readonly ChartPlan[] = [
  {
    name: "throughput",
    title: "Requests per second",
    caption: "Commands that this node answered.",
    lines: [{ series: "ops", label: "requests", colour: "--line-1" }],
    text: rateText,
    topMin: 10,
  },
  {
    name: "latency",
    title: "Latency",
    caption: "Of 100 requests, 50 (p50) or 99 (p99) were no slower; of 1,000, 999 (p99.9).",
    lines: [
      { series: "p50", label: "p50", colour: "--line-1" },
      { series: "p99", label: "p99", colour: "--line-2" },
      { series: "p999", label: "p99.9", colour: "--line-3" },
    ],
    text: millisecondsText,
    topMin: 1,
  },
  {
    name: "lag",
    title: "Replication lag",
    caption: "Age of the oldest write that some replica has not acknowledged yet, hints included.",
    lines: [{ series: "lag", label: "lag", colour: "--line-1" }],
    text: durationText,
    topMin: 1,
  },
  {
    name: "cpu",
    title: "CPU",
    caption: "Of one core. The event loop is the thread that serves requests.",
    lines: [
      { series: "cpu", label: "process", colour: "--line-1" },
      { series: "loop", label: "event loop", colour: "--line-2" },
    ],
    text: percentText,
    topMin: 1,
  },
  {
    name: "evictions",
    title: "Evictions per second",
    caption: "Keys dropped because memory was short. Expired keys are not among them.",
    lines: [{ series: "evictions", label: "evicted", colour: "--line-1" }],
    text: rateText,
    topMin: 10,
  },
];

/** "Latency: p50 now 0.2 ms, at most 1.4 ms in 10 min; p99 ..." */
export function chartSummary({ title, lines, text }: ChartPlan, series: HistorySeries | undefined): string {
  const minutes = minutesOf(series);
  const parts = lines.map(({ series: name, label }) => {
    const values = (series?.[name] ?? []).filter((value) => value !== null);
    if (values.length === 0) return `${label}: nothing known yet`;
    const most = values.reduce((a, b) => Math.max(a, b));
    return `${label} now ${text(values.at(-1))}, at most ${text(most)} in ${minutes}`;
  });
  return `${title}: ${parts.join("; ")}.`;
}

/** The last value of a series, if it is not from long ago. */
export function presentValue(series: HistorySeries | undefined, name: SeriesName): number | null | undefined {
  return series?.[name]?.at(-1);
}

function minutesOf(series: HistorySeries | undefined): string {
  const { times } = series ?? { times: [] };
  if (times.length < 2) return "the last moment";
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  return seconds < 90 ? "the last minute" : `the last ${Math.round(seconds / 60)} minutes`;
}
