/**
 * What a cell shows at a given time: which of its siblings live, and what a plain GET answers.
 *
 *   a value sibling     lives until its own expiry
 *   increment siblings  live exactly as long as the newest value sibling, to which they add;
 *                       where there is no value, as long as the newest increment sibling says
 *
 * A plain GET answers the newest live value; if that is an integer, or there is none, plus the increments.
 * Increments beside text wait: they show again only if an integer wins.
 */
import { toText } from "../base/bytes.ts";
import {
  type Absorption,
  absorptionOf,
  type Cell,
  compareAge,
  INT64_MAX,
  INT64_MIN,
  type IncrementSibling,
  NEVER,
  newestValue,
  type Sibling,
  type ValueSibling,
} from "./cell.ts";

/** What a client sees. The payload may be the cell's own: do not write to it. */
export interface ResolvedValue {
  readonly payload: Uint8Array;
  readonly expiresAtMs: number;
}

/** What a plain GET answers at `wallMs`: the same on every node that has this cell. Undefined if absent. */
export function resolve(cell: Cell, wallMs: number): ResolvedValue | undefined {
  return resolveAll(cell, wallMs)[0];
}

/** All concurrent values, newest first; so `resolve` is the first. Empty if the row is absent. */
export function resolveAll(cell: Cell, wallMs: number): readonly ResolvedValue[] {
  const [only] = cell.siblings;
  if (cell.siblings.length === 1 && only?.kind === "value") return isExpired(only, wallMs) ? [] : [only];
  const live = liveAt(cell, wallMs);
  const values = live.siblings.filter((sibling) => sibling.kind === "value").sort((a, b) => compareAge(b, a));
  const governing = governingSibling(live.siblings);
  if (governing === undefined) return [];
  if (values.length === live.siblings.length) return values;
  const sum = incrementSum(live);
  if (values.length === 0) return [{ payload: decimal(sum), expiresAtMs: governing.expiresAtMs }];
  return values.map((value) => plus(value, sum));
}

function plus(value: ValueSibling, sum: bigint): ResolvedValue {
  const base = parseInteger(value.payload);
  return base === undefined ? value : { payload: decimal(base + sum), expiresAtMs: value.expiresAtMs };
}

/** The sum of the increments that count. Concurrent ones may bring it past 64 bits; it does not wrap. */
function incrementSum({ siblings, absorbed }: Cell): bigint {
  let sum = 0n;
  for (const sibling of siblings) {
    if (sibling.kind !== "increment") continue;
    sum += sibling.total - (absorptionOf(absorbed, sibling.dot.actor)?.total ?? 0n);
  }
  return sum;
}

/** The sibling whose expiry is that of the row's increments: the newest value, else the newest increment. */
export function governingSibling(siblings: readonly Sibling[]): Sibling | undefined {
  const value = newestValue(siblings);
  if (value !== undefined || siblings.length === 0) return value;
  return siblings.reduce((newest, sibling) => (compareAge(sibling, newest) > 0 ? sibling : newest));
}

/**
 * The cell without expired siblings; the context stays, so they stay gone. What every command works on.
 * May return its argument.
 */
export function liveAt(cell: Cell, wallMs: number): Cell {
  const governing = governingSibling(cell.siblings);
  if (governing === undefined || !cell.siblings.some((sibling) => isExpired(sibling, wallMs))) return cell;
  const incrementsLive = !isExpired(governing, wallMs);
  const isLive = (sibling: Sibling): boolean =>
    sibling.kind === "value" ? !isExpired(sibling, wallMs) : incrementsLive;
  const siblings = cell.siblings.filter(isLive);
  if (siblings.length === cell.siblings.length) return cell;
  return { ...cell, siblings, absorbed: incrementsLive ? cell.absorbed : absorbAll(cell) };
}

/** The absorptions of `cell` if none of its increments counted any more. */
export function absorbAll({ siblings, absorbed }: Cell): readonly Absorption[] {
  const increments = siblings.filter((sibling) => sibling.kind === "increment");
  if (increments.length === 0) return absorbed;
  const others = absorbed.filter(({ actor }) => increments.every(({ dot }) => dot.actor !== actor));
  return [...others, ...increments.map(absorb)].sort((a, b) => (a.actor < b.actor ? -1 : 1));
}

function absorb({ dot, first, total }: IncrementSibling): Absorption {
  return { actor: dot.actor, first, upTo: dot.counter, total };
}

/** Wall time from which on the row shows nothing, or NEVER. Requires: at least one sibling. */
export function lastExpiryMs(siblings: readonly Sibling[]): number {
  let latestMs = 0;
  let hasValue = false;
  for (const sibling of siblings) {
    if (sibling.kind !== "value") continue;
    if (sibling.expiresAtMs === NEVER) return NEVER;
    hasValue = true;
    latestMs = Math.max(latestMs, sibling.expiresAtMs);
  }
  return hasValue ? latestMs : governingSibling(siblings)!.expiresAtMs;
}

function isExpired(sibling: Sibling, wallMs: number): boolean {
  return sibling.expiresAtMs !== NEVER && sibling.expiresAtMs <= wallMs;
}

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const INT64_DIGITS_MAX = 20;

/**
 * The signed 64-bit number that `payload` is, written the one way Redis writes it (no leading zeros, no plus,
 * no blanks), or undefined.
 */
export function parseInteger(payload: Uint8Array): bigint | undefined {
  if (payload.length === 0 || payload.length > INT64_DIGITS_MAX) return undefined;
  const start = payload[0] === MINUS ? 1 : 0;
  if (payload[start] === ZERO) return payload.length === 1 ? 0n : undefined;
  if (start === payload.length) return undefined;
  let value = 0; // exact only if it turns out to be safe
  for (let i = start; i < payload.length; i++) {
    const digit = payload[i]!;
    if (digit < ZERO || digit > NINE) return undefined;
    value = value * 10 + (digit - ZERO);
  }
  if (value <= Number.MAX_SAFE_INTEGER) return BigInt(start === 1 ? -value : value);
  const exact = BigInt(toText(payload));
  return exact >= INT64_MIN && exact <= INT64_MAX ? exact : undefined;
}

function decimal(value: bigint): Uint8Array {
  const text = value.toString();
  const digits = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) digits[i] = text.charCodeAt(i);
  return digits;
}
