/** One uPlot chart that follows a signal of series. Painted anew when its size or the page's colours change. */
import type { ReadonlySignal } from "@preact/signals";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { HistorySeries } from "../api/answers.ts";
import { colourOf, colourScheme } from "../browser/colour-scheme.ts";
import { WINDOW_SECONDS } from "../state/series-window.ts";
import type { ChartPlan } from "../view/chart-plans.ts";
import { timeText } from "../view/number-text.ts";

const HEIGHT = 132;

export interface TimeChartProps {
  readonly plan: ChartPlan;
  readonly series: ReadonlySignal<HistorySeries | undefined>;
}

export function TimeChart({ plan, series }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  useSignalEffect(() => {
    void colourScheme.value;
    const element = place.current!;
    const { width } = element.getBoundingClientRect();
    chart.current?.destroy();
    chart.current = new uPlot(optionsOf(plan, width), columnsOf(plan, series.peek()), element);
  });
  useSignalEffect(() => {
    const known = series.value;
    chart.current?.setData(columnsOf(plan, known), false);
    const last = known?.times.at(-1);
    if (last === undefined) return;
    // The scale stays as long as the window is, however few samples there are. Setting it also paints.
    const max = last / 1000;
    chart.current?.setScale("x", { min: max - WINDOW_SECONDS, max });
  });
  useEffect(() => {
    const element = place.current!;
    const observer = new ResizeObserver(([entry]) => {
      chart.current?.setSize({ width: Math.floor(entry!.contentRect.width), height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.current?.destroy();
    };
  }, []);
  return <div class="plot-place" ref={place} aria-hidden="true" />;
}

/** Seconds since 1970, then each line. */
function columnsOf({ lines }: ChartPlan, series: HistorySeries | undefined): uPlot.AlignedData {
  const times = (series?.times ?? []).map((ms) => ms / 1000);
  return [times, ...lines.map(({ series: name }) => [...(series?.[name] ?? [])])];
}

function optionsOf(plan: ChartPlan, width: number): uPlot.Options {
  const [text, grid] = [colourOf("--text-soft"), colourOf("--grid")];
  const font = `11px ${colourOf("--font")}`;
  const axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, sync: { key: "charts" }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, topOf(most, plan.topMin)] } },
    axes: [
      { ...axis, size: 24, space: 56, grid: { show: false }, values: (_, splits) => splits.map(clockText) },
      { ...axis, size: 52, space: 32, gap: 6, values: (_, splits) => splits.map((y) => axisText(plan, y)) },
    ],
    series: [
      {},
      ...plan.lines.map(({ label, colour }, index) => ({
        label,
        stroke: colourOf(colour),
        width: 1.5,
        points: { show: false },
        ...(plan.lines.length === 1 && index === 0 ? { fill: colourOf("--line-fill") } : {}),
      })),
    ],
  };
}

function topOf(most: number | null, least: number): number {
  return Math.max(least, (most ?? 0) * 1.1);
}

/** "2.00 ms" is "2 ms" on an axis. */
function axisText(plan: ChartPlan, value: number): string {
  return plan.text(value).replace(/\.0+(?!\d)/, "");
}

function clockText(seconds: number): string {
  return timeText(seconds * 1000).slice(0, 5);
}
