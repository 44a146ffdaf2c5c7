/**
 * The ring as shapes. Slot 0 is at the top, and slots run clockwise; each copy has a band of its own, the first one outermost.
 *
 *            token  |
 *        ._______.__|____.        band 0: whom to ask first
 *        |_______|_______|        band 1: the second copy
 *
 * Angles are in turns, 0..1, clockwise from the top.
 */
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { SlotRange } from "./ring-plan.ts";

export interface Arc {
  readonly id: string;
  /** Turns; `to` is greater, and may be 1. */
  readonly from: number;
  readonly to: number;
}

export interface Radii {
  readonly inner: number;
  readonly outer: number;
}

export function turnOf(slot: number): number {
  return slot / SLOT_COUNT;
}

/** The slot under a point, `x` and `y` from the centre, y downward. */
export function slotAtPoint(x: number, y: number): number {
  const turns = Math.atan2(x, -y) / (2 * Math.PI);
  return Math.floor((turns < 0 ? turns + 1 : turns) * SLOT_COUNT) % SLOT_COUNT;
}

/** The arcs of one band: neighbours with the same keeper of that rank are one. */
export function bandArcs(ranges: readonly SlotRange[], rank: number): readonly Arc[] {
  return arcsOf(ranges, ({ replicas }) => replicas[rank]);
}

/** Where slots are on their way to a node that has no copy of them yet. */
export function movingArcs(ranges: readonly SlotRange[]): readonly Arc[] {
  return arcsOf(ranges, ({ gainers }) => gainers[0]);
}

function arcsOf(
  ranges: readonly SlotRange[],
  idOf: (range: SlotRange) => string | undefined,
): readonly Arc[] {
  const arcs: Arc[] = [];
  for (const range of ranges) {
    const id = idOf(range);
    const last = arcs.at(-1);
    const from = turnOf(range.start);
    const to = turnOf(range.end + 1);
    if (id === undefined) continue;
    if (last?.id === id && last.to === from) arcs[arcs.length - 1] = { ...last, to };
    else arcs.push({ id, from, to });
  }
  return arcs;
}

/** One path for all arcs of a node in a band: thousands of tokens are still few elements. */
export function pathsById(arcs: readonly Arc[], radii: Radii): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const arc of arcs) paths.set(arc.id, (paths.get(arc.id) ?? "") + sectorPath(arc, radii));
  return paths;
}

/** The closed shape between two radii. */
export function sectorPath({ from, to }: Omit<Arc, "id">, { inner, outer }: Radii): string {
  const middle = (from + to) / 2;
  // SVG knows no arc that ends where it began: more than half a circle is two.
  if (to - from > 0.5) {
    return (
      sectorPath({ from, to: middle }, { inner, outer }) + sectorPath({ from: middle, to }, { inner, outer })
    );
  }
  const [a, b, c, d] = [at(from, outer), at(to, outer), at(to, inner), at(from, inner)];
  return `M${a}A${outer} ${outer} 0 0 1 ${b}L${c}A${inner} ${inner} 0 0 0 ${d}Z`;
}

/** An open arc, clockwise. Requires: `to` >= `from`. */
export function linePath(from: number, to: number, radius: number): string {
  const parts = Math.max(1, Math.ceil((to - from) / 0.5));
  const ends = Array.from({ length: parts }, (_, i) => from + ((to - from) * (i + 1)) / parts);
  const arcs = ends.map((end) => `A${radius} ${radius} 0 0 1 ${at(end, radius)}`);
  return `M${at(from, radius)}${arcs.join("")}`;
}

/** A short line along a radius. */
export function tickPath(turns: number, { inner, outer }: Radii): string {
  return `M${at(turns, inner)}L${at(turns, outer)}`;
}

export function pointAt(turns: number, radius: number): { readonly x: number; readonly y: number } {
  const angle = turns * 2 * Math.PI;
  return { x: round(radius * Math.sin(angle)), y: round(-radius * Math.cos(angle)) };
}

function at(turns: number, radius: number): string {
  const { x, y } = pointAt(turns, radius);
  return `${x} ${y}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100 + 0;
}
