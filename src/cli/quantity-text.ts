/** Numbers as people like to read them in a table. */

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** "17 B", "1.4 GiB". */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_024 && unit < SIZES.length - 1) {
    size /= 1_024;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(size < 100 ? 1 : 0)} ${SIZES[unit]}`;
}

/** "1,234". */
export function countText(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** "3d 4h", "4h 5m", "5m 6s", "6s". */
export function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  return parts
    .slice(first, first + 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

/** "0.412", "17.3", "1234": three digits or more. */
export function millisText(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 10 ? ms.toFixed(3) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}
