/** Kinds of commands whose latencies are worth telling apart. */
import type { RunnableCommand } from "../command-shape.ts";

export const COMMAND_FAMILIES = [
  "read",
  "write",
  "versioned",
  "transaction",
  "scan",
  "connection",
  "admin",
] as const;
export type CommandFamily = (typeof COMMAND_FAMILIES)[number];

const VERSIONED = new Set(["kv.get", "kv.put", "kv.del", "kv.with"]);
const SCANS = new Set(["scan", "keys", "dbsize", "randomkey"]);

export function familyOf({
  name,
  kind,
  group,
}: Pick<RunnableCommand, "name" | "kind" | "group">): CommandFamily {
  if (VERSIONED.has(name)) return "versioned";
  if (SCANS.has(name)) return "scan";
  if (group === "transactions") return "transaction";
  if (kind === "read" || kind === "read-many") return "read";
  if (kind === "update" || kind === "update-many") return "write";
  return group === "connection" ? "connection" : "admin";
}
