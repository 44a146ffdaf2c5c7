/**
 * Sizes and durations as people write them.
 *
 *   size      512  64kb  256mb  1gb    whole number, then Redis's unit: k = 1000, kb = 1024, and so on
 *   duration  500us  10ms  30s  5m     whole number, then us, ms, s, m, h or d; 0 needs no unit
 */

const BYTES_PER: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

const MICROS_PER: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** Bytes, or undefined if `text` is not a size or too large to count exactly. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, BYTES_PER);
}

/** Microseconds, or undefined if `text` is not a duration or too large to count exactly. */
export function parseDuration(text: string): number | undefined {
  return text === "0" ? 0 : parseQuantity(text, MICROS_PER);
}

/** The shortest exact way to write a size, in units of 1024. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, [
    ["gb", 1024 ** 3],
    ["mb", 1024 ** 2],
    ["kb", 1024],
  ]);
}

/** The shortest exact way to write a duration. */
export function formatDuration(micros: number): string {
  if (micros === 0) return "0";
  return formatQuantity(micros, Object.entries(MICROS_PER).reverse());
}

function parseQuantity(text: string, unitSizes: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+)([a-z]*)$/i.exec(text);
  if (match === null) return undefined;
  const unit = match[2]!.toLowerCase();
  if (!Object.hasOwn(unitSizes, unit)) return undefined;
  const quantity = Number(match[1]) * unitSizes[unit]!;
  return Number.isSafeInteger(quantity) ? quantity : undefined;
}

function formatQuantity(quantity: number, units: readonly (readonly [string, number])[]): string {
  for (const [unit, size] of units) {
    if (quantity !== 0 && quantity % size === 0) return `${quantity / size}${unit}`;
  }
  return String(quantity);
}
