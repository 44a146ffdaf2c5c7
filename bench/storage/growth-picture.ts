/** Draws how fast rows went in while there were more and more of them: one line per contender. */

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 150;
const TOP = 50;
const BOTTOM = 60;
const COLORS = ["#c2410c", "#1d4ed8", "#15803d", "#7e22ce"];
const SMOOTHED_STEPS = 2;

export interface GrowthLine {
  readonly name: string;
  /** Rows per second of each step. */
  readonly perSecond: readonly number[];
}

export function growthPicture(lines: readonly GrowthLine[], stepRows: number, note: string): string {
  const smooth = lines.map(({ name, perSecond }) => ({ name, perSecond: smoothed(perSecond) }));
  const steps = Math.max(...smooth.map(({ perSecond }) => perSecond.length));
  const top = niceTop(Math.max(...smooth.flatMap(({ perSecond }) => perSecond)));
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * (step + 1)) / steps;
  const y = (value: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 24, "Rows put per second while the store grows", 'font-size="16"'),
    text(LEFT, 40, note, 'fill="#555555"'),
  ];
  for (let i = 0; i <= 4; i++) {
    const value = (top * i) / 4;
    parts.push(
      `<path d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}" stroke="#dddddd"/>`,
      text(LEFT - 8, y(value) + 4, `${Math.round(value / 1000)} k`, 'text-anchor="end"'),
    );
  }
  for (let i = 1; i <= 5; i++) {
    const step = (steps * i) / 5 - 1;
    const millions = ((step + 1) * stepRows) / 1e6;
    parts.push(text(x(step), HEIGHT - BOTTOM + 18, `${millions.toFixed(1)} M`, 'text-anchor="middle"'));
  }
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "rows in the store", 'text-anchor="middle"'));
  parts.push(...smooth.flatMap((line, i) => drawn(line, COLORS[i % COLORS.length]!, x, y)));
  parts.push(...names(smooth, y));
  return `${parts.join("\n")}\n</svg>\n`;
}

function drawn(
  { perSecond }: GrowthLine,
  color: string,
  x: (step: number) => number,
  y: (value: number) => number,
): string[] {
  const points = perSecond.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
  return [`<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`];
}

/** Each beside the end of its line, moved apart where lines end close together. */
function names(lines: readonly GrowthLine[], y: (value: number) => number): string[] {
  const ends = lines.map(({ name, perSecond }, i) => ({ name, at: y(perSecond.at(-1)!), i }));
  ends.sort((a, b) => a.at - b.at);
  for (let i = 1; i < ends.length; i++) ends[i]!.at = Math.max(ends[i]!.at, ends[i - 1]!.at + 16);
  return ends.map(({ name, at, i }) =>
    text(WIDTH - RIGHT + 8, at + 4, name, `fill="${COLORS[i % COLORS.length]!}"`),
  );
}

/** The mean of a few steps around each: single ones jump with whatever else the machine does. */
function smoothed(values: readonly number[]): number[] {
  return values.map((_, i) => {
    const around = values.slice(Math.max(0, i - SMOOTHED_STEPS), i + SMOOTHED_STEPS + 1);
    return around.reduce((sum, value) => sum + value, 0) / around.length;
  });
}

function niceTop(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / unit) * unit;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}
