/** Draws figures that grow with something: one line each, both axes by powers of ten, as SVG. */

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Picture {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly lines: readonly Line[];
}

const WIDTH = 700;
const HEIGHT = 380;
const LEFT = 70;
const RIGHT = 190;
const TOP = 40;
const BOTTOM = 50;
const COLORS = ["#c2410c", "#1d4ed8", "#15803d", "#7e22ce"];

/** Requires: there is a point, and all coordinates are above 0. */
export function linePicture({ title, xName, yName, lines }: Picture): string {
  const points = lines.flatMap((line) => line.points);
  const xAxis = axis(
    points.map(([x]) => x),
    LEFT,
    WIDTH - RIGHT,
  );
  const yAxis = axis(
    points.map(([, y]) => y),
    HEIGHT - BOTTOM,
    TOP,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 22, title, 'font-size="15"'),
    ...yAxis.ticks.flatMap((tick) => [
      `<path d="M${LEFT} ${yAxis.at(tick)}H${WIDTH - RIGHT}" stroke="#dddddd"/>`,
      text(LEFT - 8, yAxis.at(tick) + 4, short(tick), 'text-anchor="end"'),
    ]),
    ...distinct(points.map(([x]) => x)).map((x) =>
      text(xAxis.at(x), HEIGHT - BOTTOM + 18, short(x), 'text-anchor="middle"'),
    ),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, xName, 'text-anchor="middle"'),
    text(LEFT, TOP - 4, yName, 'fill="#555555" text-anchor="end"'),
    ...lines.flatMap((line, i) => drawn(line, COLORS[i % COLORS.length]!, xAxis.at, yAxis.at)),
    "</svg>\n",
  ].join("\n");
}

interface Axis {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

/** Powers of ten that enclose the values, evenly from one end to the other. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const at = (value: number): number =>
    round(from + ((to - from) * (Math.log10(value) - low)) / (high - low));
  return { ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)), at };
}

function drawn(
  { name, points }: Line,
  color: string,
  x: (value: number) => number,
  y: (value: number) => number,
): string[] {
  const [lastX, lastY] = points.at(-1)!;
  return [
    `<polyline points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...points.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${color}"/>`),
    text(x(lastX) + 8, y(lastY) + 4, name, `fill="${color}"`),
  ];
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${content}</text>`;
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1e4 ? `${value / 1e3} k` : `${Number(value.toPrecision(6))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)];
}
