/** What `kvorum keyspace` prints for people. */
import { formatDuration, formatSize } from "../../node/quantity.ts";
import type { KeyspaceStatus } from "../../server/keyspace-status.ts";
import { type Column, tableLines } from "../text-table.ts";

const COLUMNS: readonly Column[] = [
  { head: "keyspace" },
  { head: "copies" },
  { head: "read" },
  { head: "write" },
  { head: "reads see writes" },
  { head: "ttl", isRight: true },
  { head: "conflicts" },
  { head: "storage" },
  { head: "mode" },
];

const MICROS_PER_MS = 1000;

export function keyspaceTable(keyspaces: readonly KeyspaceStatus[]): string {
  return `${tableLines(COLUMNS, keyspaces.map(rowOf)).join("\n")}\n`;
}

/** One of them, a setting a line; `keyspace set` takes the words on the left as options. */
export function keyspaceReport(keyspace: KeyspaceStatus): string {
  const { name, read, write, readsSeeWrites, conflictRule, mode } = keyspace;
  const keys =
    name === "default" ? "all keys that begin with no other one's name" : `keys that begin with ${name}:`;
  const lines = [
    ["keyspace", `${name} (${keys})`],
    ["copies", copiesText(keyspace)],
    ["read", read],
    ["write", write],
    ["", `reads see the writes acknowledged before them ${readsSeeWrites}`],
    ["ttl", ttlText(keyspace)],
    ["conflict", conflictRule],
    ["storage", storageText(keyspace)],
    ["mode", mode],
  ];
  return lines.map(([head, text]) => `${head!.padEnd(10)}${text}\n`).join("");
}

function rowOf(keyspace: KeyspaceStatus): readonly string[] {
  const { name, read, write, readsSeeWrites, conflictRule, mode } = keyspace;
  const storage = storageText(keyspace);
  const settings = [read, write, readsSeeWrites, ttlText(keyspace), conflictRule, storage, mode];
  return [name, copiesText(keyspace), ...settings];
}

function copiesText({ copiesByDatacenter }: KeyspaceStatus): string {
  return Object.entries(copiesByDatacenter)
    .map(([datacenter, count]) => `${datacenter}=${count}`)
    .join(",");
}

/** "disk", "memory", "memory (256mb, allkeys-lru)". */
function storageText({ storage, maxmemory, evict }: KeyspaceStatus): string {
  if (maxmemory === undefined || maxmemory === 0) return storage;
  return `${storage} (${formatSize(maxmemory)}, ${evict})`;
}

function ttlText({ ttlMs }: KeyspaceStatus): string {
  return ttlMs === 0 ? "none" : formatDuration(ttlMs * MICROS_PER_MS);
}
