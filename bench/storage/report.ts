/** What the rounds measured, as tables of figures and of ratios to the first peer. */

export interface MemoryFigures {
  readonly put: number;
  readonly batch: number;
  readonly getSync: number;
  readonly get: number;
}

export interface Pauses {
  readonly p99: number;
  readonly longest: number;
}

export interface LargeFigures {
  readonly growth: readonly number[];
  readonly load: number;
  readonly loadSettled: number;
  readonly get: number;
  readonly getSync: number;
  readonly scan: number;
  readonly overwrite: number;
  readonly writeAmplification: number;
  readonly spaceAmplification: number;
  readonly peakMiB: number;
  readonly reopenMs: number;
  readonly pauses: { readonly load: Pauses; readonly overwrite: Pauses };
  readonly remarks: string;
}

export interface RestartFigures {
  readonly reopenMs: number;
}

export type ByContender<T> = ReadonlyMap<string, T>;

type Line<T> = readonly [name: string, of: (figures: T) => number, format: (value: number) => string];

const rate = (value: number): string =>
  value >= 1e6 ? `${(value / 1e6).toFixed(2)} M/s` : `${(value / 1e3).toFixed(0)} k/s`;
const plain =
  (unit: string, digits: number) =>
  (value: number): string =>
    `${value.toFixed(digits)}${unit}`;

export const MEMORY_LINES: readonly Line<MemoryFigures>[] = [
  ["put, 64 at once", ({ put }) => put, rate],
  ["put in batches of 1000", ({ batch }) => batch, rate],
  ["get at once", ({ getSync }) => getSync, rate],
  ["get, promised", ({ get }) => get, rate],
];

export const LARGE_LINES: readonly Line<LargeFigures>[] = [
  ["load, 64 at once", ({ load }) => load, rate],
  ["load, until all is merged", ({ loadSettled }) => loadSettled, rate],
  ["random get at once", ({ getSync }) => getSync, rate],
  ["random get, promised", ({ get }) => get, rate],
  ["ordered scan", ({ scan }) => scan, rate],
  ["overwrite while it merges", ({ overwrite }) => overwrite, rate],
  ["bytes written per byte", ({ writeAmplification }) => writeAmplification, plain("", 2)],
  ["bytes stored per byte", ({ spaceAmplification }) => spaceAmplification, plain("", 2)],
  ["peak memory", ({ peakMiB }) => peakMiB, plain(" MiB", 0)],
  ["longest pause of the load", ({ pauses }) => pauses.load.longest, plain(" ms", 0)],
  ["99 of 100 pauses are below", ({ pauses }) => pauses.load.p99, plain(" ms", 1)],
  ["start, all rows in tables", ({ reopenMs }) => reopenMs, plain(" ms", 0)],
];

export const RESTART_LINES: readonly Line<RestartFigures>[] = [
  ["start, rows in the log", ({ reopenMs }) => reopenMs, plain(" ms", 0)],
];

/** One line per figure: the first contender's, then each other's and what the first one's is of it. */
export function tableOf<T>(title: string, lines: readonly Line<T>[], figures: ByContender<T>): string {
  const [own, ...others] = [...figures.keys()];
  const head = [title.padEnd(30), own!.padStart(12), ...others.map((name) => name.padStart(22))].join("");
  const rows = lines.map(([name, of, format]) => {
    const value = of(figures.get(own!)!);
    const beside = others.map((other) => {
      const theirs = of(figures.get(other)!);
      return `${format(theirs)} (${(value / theirs).toFixed(2)})`.padStart(22);
    });
    return [name.padEnd(30), format(value).padStart(12), ...beside].join("");
  });
  return [head, ...rows].join("\n");
}

/** Of several rounds, the middle one of each figure. */
export function medians<T extends object>(rounds: readonly T[]): T {
  const names = Object.keys(rounds[0]!) as (keyof T)[];
  const middle = (name: keyof T): number =>
    rounds.map((round) => round[name] as number).sort((a, b) => a - b)[rounds.length >> 1]!;
  return Object.fromEntries(names.map((name) => [name, middle(name)])) as T;
}
