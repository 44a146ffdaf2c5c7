/** What `kvorum ring` prints for people: how the slots are spread, and who keeps which. */
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { ClusterStatus } from "../../server/commands/kv-status.ts";
import { type Column, tableLines } from "../text-table.ts";
import { placeOf, type SlotRange } from "./cluster-view.ts";

const MEMBER_COLUMNS: readonly Column[] = [
  { head: "address" },
  { head: "machine" },
  { head: "weight", isRight: true },
  { head: "copies of", isRight: true },
  { head: "share", isRight: true },
  { head: "asked first for", isRight: true },
];

const RANGE_COLUMNS: readonly Column[] = [
  { head: "slots", isRight: true },
  { head: "count", isRight: true },
  { head: "kept by, whom to ask first first" },
];

export function ringReport(status: ClusterStatus, ranges: readonly SlotRange[]): string {
  const rows = status.members.map((member) => [
    placeOf(member),
    member.machine === "" ? "-" : member.machine,
    String(member.weight),
    String(member.slots),
    `${(member.share * 100).toFixed(1)}%`,
    String(slotsAskedFirst(ranges, placeOf(member))),
  ]);
  const lines = [
    `${SLOT_COUNT} slots in ${ranges.length === 1 ? "1 range" : `${ranges.length} ranges`}, epoch ${status.epoch}`,
    "",
    ...tableLines(MEMBER_COLUMNS, rows.sort(byFirst)),
    "",
    ...tableLines(RANGE_COLUMNS, ranges.map(rangeRow)),
  ];
  return `${lines.join("\n")}\n`;
}

function rangeRow({ start, end, replicas }: SlotRange): readonly string[] {
  return [`${start}-${end}`, String(end - start + 1), replicas.join("  ")];
}

function slotsAskedFirst(ranges: readonly SlotRange[], place: string): number {
  const first = ranges.filter(({ replicas }) => replicas[0] === place);
  return first.reduce((sum, { start, end }) => sum + end - start + 1, 0);
}

function byFirst(a: readonly string[], b: readonly string[]): number {
  return a[0]!.localeCompare(b[0]!);
}
