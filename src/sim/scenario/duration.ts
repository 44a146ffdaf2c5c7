/** Spans of time as scenarios say them: 20ms, 1.5s, 2m, 1h; also negative. */

const UNITS = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** In milliseconds; undefined if `text` is no span of time. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = UNITS.find(([name]) => name === unit)?.[1];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** In the largest unit that needs no more than three decimals; to the microsecond. */
export function formatDuration(ms: number): string {
  const rounded = Math.round(ms * 1_000) / 1_000;
  for (const [unit, factor] of UNITS) {
    const count = rounded / factor;
    if (Math.abs(count) >= 1 && Number(count.toFixed(3)) * factor === rounded) return `${count}${unit}`;
  }
  return `${rounded}ms`;
}
