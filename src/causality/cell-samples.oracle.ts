/** Short ways to write cells, and random ones. For tests only: like every oracle, left out of the build. */
import fc from "fast-check";
import { toText, utf8 } from "../base/bytes.ts";
import type { Actor } from "./actor.ts";
import {
  type Absorption,
  type Cell,
  INT64_MAX,
  INT64_MIN,
  NEVER,
  type Sibling,
  type ValueSibling,
} from "./cell.ts";
import { resolve } from "./cell-value.ts";
import type { Stamp } from "./cell-write.ts";
import { COUNTER_MAX, type Dot } from "./dot.ts";
import { LOGICAL_MAX, WALL_MS_MAX } from "./hybrid-clock.ts";

export const ALICE: Actor = 0xa000_0000_0000_0001n;
export const BOB: Actor = 0xb000_0000_0000_0002n;
export const CAROL: Actor = 0xc000_0000_0000_0003n;

export function dot(actor: Actor, counter: number): Dot {
  return { actor, counter };
}

/** A stamp whose hybrid clock shows `wallMs`. */
export function stamp(actor: Actor, counter: number, wallMs: number): Stamp {
  return { dot: { actor, counter }, hlc: { wallMs, logical: 0 } };
}

export function value(text: string, { dot, hlc }: Stamp, expiresAtMs = NEVER): ValueSibling {
  return { kind: "value", dot, hlc, expiresAtMs, payload: utf8(text) };
}

/** What a plain GET shows, as text. */
export function shown(cell: Cell, wallMs = 0): string | undefined {
  const resolved = resolve(cell, wallMs);
  return resolved && toText(resolved.payload);
}

export const anyUint48 = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: COUNTER_MAX }));
const anyActor = fc.oneof(fc.constantFrom(ALICE, BOB, CAROL), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const anyInt64 = fc.oneof(fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: INT64_MIN, max: INT64_MAX }));
const anyHlc = fc.record({
  wallMs: fc.integer({ min: 0, max: WALL_MS_MAX }),
  logical: fc.integer({ min: 0, max: LOGICAL_MAX }),
});
const anyExpiry = fc.oneof(fc.constant(NEVER), anyUint48);

/** What a cell may hold of one actor: its context entry, and siblings and absorption within. */
const anyShare = fc
  .record({
    counters: fc.uniqueArray(anyUint48, { minLength: 1, maxLength: 4 }),
    hasRun: fc.boolean(),
    hasAbsorption: fc.boolean(),
    totals: fc.tuple(anyInt64, anyInt64),
    valueCount: fc.integer({ min: 0, max: 2 }),
    hlc: anyHlc,
    expiresAtMs: anyExpiry,
    payload: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ counters, ...rest }) => ({ counters: counters.sort((a, b) => a - b), ...rest }));

type Share = typeof anyShare extends fc.Arbitrary<infer S> ? S : never;

/** Any well-formed cell, also such as no history leads to. */
export const anyCell: fc.Arbitrary<Cell> = fc
  .uniqueArray(fc.tuple(anyActor, anyShare), { selector: ([actor]) => actor, maxLength: 18 })
  .map((shares) => {
    const sorted = shares.sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      context: sorted.map(([actor, { counters }]) => ({ actor, counter: counters.at(-1)! })),
      siblings: sorted.flatMap(([actor, share]) => siblingsOf(actor, share)),
      absorbed: sorted.flatMap(([actor, share]) => absorptionsOf(actor, share)),
    };
  });

function siblingsOf(actor: Actor, share: Share): Sibling[] {
  const { counters, hasRun, valueCount, hlc, expiresAtMs, payload, totals } = share;
  const stamped = (counter: number) => ({ dot: { actor, counter }, hlc, expiresAtMs });
  const runEnd = hasRun ? counters.at(-1)! : 0;
  const values = counters.filter((counter) => counter !== runEnd).slice(-valueCount || counters.length);
  return [
    ...values.map((counter) => ({ kind: "value" as const, ...stamped(counter), payload })),
    ...(hasRun
      ? [{ kind: "increment" as const, ...stamped(runEnd), first: counters[0]!, total: totals[0] }]
      : []),
  ];
}

function absorptionsOf(actor: Actor, { counters, hasRun, hasAbsorption, totals }: Share): Absorption[] {
  if (!hasAbsorption || (hasRun && counters.length < 2)) return [];
  const upTo = hasRun ? counters.at(-2)! : counters.at(-1)!;
  return [{ actor, first: counters[0]!, upTo, total: totals[1] }];
}
