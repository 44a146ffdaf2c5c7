/** What exchanges have come to: added up since the start, or of one repair that somebody has asked for. */
import type { ExchangeOutcome } from "../../anti-entropy/exchange-driver.ts";

export interface RepairTotals {
  /** Exchanges that this node began, and carried through. */
  exchanges: number;
  /** Those that broke off: the other node went down, was overloaded, or goes by another plan. */
  failures: number;
  slots: number;
  rows: number;
  pulled: number;
  pushed: number;
  refused: number;
  bytesSent: number;
  bytesReceived: number;
}

export function noTotals(): RepairTotals {
  const counts = { exchanges: 0, failures: 0, slots: 0, rows: 0, pulled: 0, pushed: 0, refused: 0 };
  return { ...counts, bytesSent: 0, bytesReceived: 0 };
}

export function countExchange(totals: RepairTotals, isWhole: boolean): void {
  if (isWhole) totals.exchanges++;
  else totals.failures++;
}

/** Also of an exchange that broke off, or is under way: what it moved, it moved. */
export function addOutcome(totals: RepairTotals, outcome: ExchangeOutcome): void {
  totals.slots += outcome.slots;
  totals.rows += outcome.rows;
  totals.pulled += outcome.pulled;
  totals.pushed += outcome.pushed;
  totals.refused += outcome.refused;
  totals.bytesSent += outcome.bytesSent;
  totals.bytesReceived += outcome.bytesReceived;
}
