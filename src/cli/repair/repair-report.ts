/** What `kvorum repair` prints: how far it is, and what it came to. */
import type { RepairStatus } from "../../server/commands/kv-repair.ts";
import { type Column, tableLines } from "../text-table.ts";

/** What became of the repair of one node. */
export interface NodeRepair {
  /** "host:port", or what is known of it instead. */
  readonly place: string;
  /** Undefined if it could not be asked. */
  readonly status: RepairStatus | undefined;
  /** Why it could not be, or why not with all others. */
  readonly problems: readonly string[];
}

const COLUMNS: readonly Column[] = [
  { head: "node" },
  { head: "slots compared", isRight: true },
  { head: "rows looked at", isRight: true },
  { head: "fetched", isRight: true },
  { head: "given", isRight: true },
  { head: "refused", isRight: true },
  { head: "bytes", isRight: true },
];
const BAR_WIDTH = 24;

/** One line, without an end. */
export function progressLine(place: string, { progress, pulled, pushed }: RepairStatus): string {
  const filled = Math.round(progress * BAR_WIDTH);
  const bar = `${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}`;
  const percent = `${Math.floor(progress * 100)}%`.padStart(4);
  return `${place}  [${bar}] ${percent}  ${pulled + pushed} rows moved`;
}

export function repairReport(nodes: readonly NodeRepair[]): string {
  const done = nodes.flatMap(({ place, status }) => (status === undefined ? [] : [{ place, status }]));
  const moved = done.reduce((sum, { status }) => sum + status.pulled + status.pushed, 0);
  const problems = nodes.flatMap(({ place, problems: told }) => told.map((text) => `${place}: ${text}`));
  const verdict = moved === 0 ? "All that was compared was equal." : `${moved} rows were moved.`;
  const lines = [
    ...tableLines(COLUMNS, done.map(rowOf)),
    "",
    problems.length === 0 ? `${verdict} All copies are equal now.` : `${verdict} Not all could be compared:`,
    ...problems,
  ];
  return `${lines.join("\n")}\n`;
}

function rowOf({ place, status }: { place: string; status: RepairStatus }): readonly string[] {
  const { slots, rows, pulled, pushed, refused, bytesSent, bytesReceived } = status;
  return [place, ...[slots, rows, pulled, pushed, refused, bytesSent + bytesReceived].map(String)];
}
