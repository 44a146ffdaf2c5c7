/**
 * The drawing of the ring. It is also a slider from range to range, for pointers, keys and screen readers alike: what it is
 * at is told in the middle of it.
 */
import type { Signal } from "@preact/signals";
import type { KeyWalk } from "../view/key-walk.ts";
import type { NodeNames } from "../view/node-names.ts";
import { countText } from "../view/number-text.ts";
import {
  bandArcs,
  linePath,
  movingArcs,
  pathsById,
  pointAt,
  type Radii,
  sectorPath,
  slotAtPoint,
  tickPath,
  turnOf,
} from "../view/ring-picture.ts";
import { type RingPlan, rangeIndexAt } from "../view/ring-plan.ts";

const SIZE = 352;
const OUTER = 138;
const BANDS_MAX = 5;
const GAP = 2.5;
const TICK: Radii = { inner: OUTER + 3, outer: OUTER + 9 };
const MOVING: Radii = { inner: OUTER + 11, outer: OUTER + 15 };
const WALK = OUTER + 26;
const STEPS_BY_KEY: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 8,
  PageDown: -8,
};

export interface RingPictureProps {
  readonly plan: RingPlan;
  readonly names: NodeNames;
  readonly down: ReadonlySet<string>;
  /** Only its copies are in colour. */
  readonly chosen: string | undefined;
  /** The range under the pointer or the keys. */
  readonly pointed: Signal<number | undefined>;
  readonly walk: KeyWalk | undefined;
}

export function RingPicture(props: RingPictureProps) {
  const { plan, names, pointed, walk } = props;
  const { ranges } = plan;
  const present = pointed.value ?? 0;
  const range = ranges[present] ?? ranges[0]!;
  const spoken = range.replicas.map((id) => names.of(id).text).join(", ");
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = nextRange(event.key, pointed.value, ranges.length);
    if (next === undefined && event.key !== "Escape") return;
    event.preventDefault();
    pointed.value = next;
  };
  return (
    <div
      class="ring-picture"
      role="slider"
      tabIndex={0}
      aria-label="Ring: arrow keys go from one range of slots to the next"
      aria-valuemin={0}
      aria-valuemax={ranges.length - 1}
      aria-valuenow={present}
      aria-valuetext={`slots ${countText(range.start)} to ${countText(range.end)}, kept by ${spoken}`}
      onKeyDown={onKeyDown}
      onBlur={() => {
        pointed.value = undefined;
      }}
      onPointerMove={(event) => {
        pointed.value = rangeUnder(event, plan);
      }}
      onPointerDown={(event) => {
        pointed.value = rangeUnder(event, plan);
      }}
      onPointerLeave={() => {
        pointed.value = undefined;
      }}
    >
      <svg viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`} aria-hidden="true">
        <Bands {...props} />
        <Ticks {...props} />
        <Moving {...props} />
        {pointed.value !== undefined && (
          <path
            class="pointed-range"
            d={sectorPath(
              { from: turnOf(range.start), to: turnOf(range.end + 1) },
              { inner: bandRadii(bandCount(plan) - 1, plan).inner - 1.5, outer: OUTER + 1.5 },
            )}
          />
        )}
        {walk !== undefined && (
          <Walk walk={walk} names={names} innermost={bandRadii(bandCount(plan) - 1, plan).inner} />
        )}
      </svg>
    </div>
  );
}

function Bands({ plan, names, down, chosen }: RingPictureProps) {
  const ranks = Array.from({ length: bandCount(plan) }, (_, rank) => rank);
  return (
    <g class="bands">
      {ranks.flatMap((rank) =>
        [...pathsById(bandArcs(plan.ranges, rank), bandRadii(rank, plan))].map(([id, path]) => (
          <path key={`${rank} ${id}`} class={ownerClass(names, id, down, chosen)} d={path} />
        )),
      )}
    </g>
  );
}

function Ticks({ plan, names, down, chosen }: RingPictureProps) {
  const paths = new Map<string, { readonly id: string; readonly isComing: boolean; path: string }>();
  for (const { slot, id, isComing } of plan.tokens) {
    const key = `${id} ${isComing}`;
    const tick = paths.get(key) ?? { id, isComing, path: "" };
    tick.path += tickPath(turnOf(slot), TICK);
    paths.set(key, tick);
  }
  return (
    <g class="ticks">
      {[...paths].map(([key, { id, isComing, path }]) => (
        <path
          key={key}
          class={`${ownerClass(names, id, down, chosen)}${isComing ? " is-coming" : ""}`}
          d={path}
        />
      ))}
    </g>
  );
}

function Moving({ plan, names }: RingPictureProps) {
  const middle = (MOVING.inner + MOVING.outer) / 2;
  return (
    <g class="moving">
      {movingArcs(plan.ranges).map(({ id, from, to }) => (
        <path key={from} class={`node-${names.of(id).colour}`} d={linePath(from, to, middle)} />
      ))}
    </g>
  );
}

interface WalkProps {
  readonly walk: KeyWalk;
  readonly names: NodeNames;
  readonly innermost: number;
}

/** From the key clockwise to each of its replicas, by number. */
function Walk({ walk, names, innermost }: WalkProps) {
  const { from, to, stops } = walk;
  return (
    <g class="walk">
      <path class="key-ray" d={tickPath(from, { inner: innermost - 6, outer: WALK })} />
      <path class="walk-line" d={linePath(from, to, WALK)} />
      <circle class="key-point" r="4.5" cx={pointAt(from, WALK).x} cy={pointAt(from, WALK).y} />
      {stops.map(({ id, rank, turns, labelTurns }) => {
        const { x, y } = pointAt(labelTurns, WALK);
        const [foot, head] = [pointAt(turns, TICK.outer), pointAt(labelTurns, WALK - 8)];
        return (
          <g key={id} class={`stop node-${names.of(id).colour}`}>
            <path d={`M${foot.x} ${foot.y}L${head.x} ${head.y}`} />
            <circle r="9" cx={x} cy={y} />
            <text x={x} y={y + 3.9}>
              {rank}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function bandCount(plan: RingPlan): number {
  return Math.min(plan.copies, BANDS_MAX);
}

/** All bands together are as thick, however many there are. */
function bandRadii(rank: number, plan: RingPlan): Radii {
  const thickness = Math.min(22, 54 / bandCount(plan));
  const outer = OUTER - rank * thickness;
  return { outer, inner: outer - thickness + GAP };
}

function ownerClass(
  names: NodeNames,
  id: string,
  down: ReadonlySet<string>,
  chosen: string | undefined,
): string {
  const faded = chosen !== undefined && chosen !== id ? " is-faded" : "";
  return `node-${names.of(id).colour}${down.has(id) ? " is-down" : ""}${faded}`;
}

/** Undefined in the middle of the ring, where nothing is pointed at. */
function rangeUnder(event: PointerEvent, plan: RingPlan): number | undefined {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width - 0.5) * SIZE;
  const y = ((event.clientY - box.top) / box.height - 0.5) * SIZE;
  const distance = Math.hypot(x, y);
  if (distance < OUTER - 60 || distance > SIZE / 2) return undefined;
  return rangeIndexAt(plan.ranges, slotAtPoint(x, y));
}

function nextRange(key: string, present: number | undefined, count: number): number | undefined {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = STEPS_BY_KEY[key];
  if (step === undefined) return undefined;
  return present === undefined ? 0 : (present + step + count) % count;
}
