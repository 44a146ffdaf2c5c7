/** What `kvorum keyspaces` prints for people. */
import type { KeyspaceStatus } from "../../server/commands/kv-status.ts";
import { type Column, tableLines } from "../text-table.ts";

const COLUMNS: readonly Column[] = [
  { head: "keyspace" },
  { head: "copies", isRight: true },
  { head: "reads ask" },
  { head: "writes wait for" },
  { head: "mode" },
];

export function keyspacesReport(keyspaces: readonly KeyspaceStatus[]): string {
  const rows = keyspaces.map(({ name, copies, read, write, mode }) => [
    name,
    String(copies),
    read,
    write,
    mode,
  ]);
  return `${tableLines(COLUMNS, rows).join("\n")}\n`;
}
