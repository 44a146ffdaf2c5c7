/** Numbers as people read them, short and always as wide as their like. */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const UNKNOWN = "–";

/** 16384 -> "16,384". */
export function countText(count: number): string {
  return GROUPED.format(count);
}

/** "1 copy", "3 copies". */
export function countOf(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** Three digits are enough to compare: 0.42, 7.3, 128, 12.4k, 3.1M. */
export function rateText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value >= 9_999_500) return `${(value / 1e6).toFixed(0)}M`;
  if (value >= 999_950) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 99_950) return `${(value / 1e3).toFixed(0)}k`;
  if (value >= 9_999.5) return `${(value / 1e3).toFixed(1)}k`;
  if (value >= 99.95 || Number.isInteger(value)) return countText(value);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** 0.256 -> "25.6%". */
export function percentText(part: number | null | undefined): string {
  if (part === null || part === undefined || !Number.isFinite(part)) return UNKNOWN;
  const percent = part * 100;
  return `${percent.toFixed(percent === 0 || percent >= 99.95 ? 0 : 1)}%`;
}

/** Milliseconds: "0.21 ms", "14.2 ms", "1.3 s". */
export function millisecondsText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms >= 999.5) return durationText(ms / 1000);
  return `${ms >= 99.95 || ms === 0 ? ms.toFixed(0) : ms.toFixed(ms >= 9.995 ? 1 : 2)} ms`;
}

/** Seconds: "0 s", "0.4 s", "12 s", "3 min", "2 h", "4 d". */
export function durationText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(0)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${seconds.toFixed(0)} s`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(0)} h`;
  return `${(seconds / 86_400).toFixed(0)} d`;
}

/** Powers of 1024: "312 B", "4.2 MB". */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return UNKNOWN;
  let rest = bytes;
  let unit = 0;
  for (; rest >= 999.5 && unit < BYTE_UNITS.length - 1; unit++) rest /= 1024;
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1;
  return `${rest.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Time of day, where the reader is: "14:03:59". */
export function timeText(wallMs: number): string {
  const date = new Date(wallMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => `${part}`.padStart(2, "0"))
    .join(":");
}
