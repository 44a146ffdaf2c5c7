/** What `kvorum nodes` prints: each node by what it says of itself. */
import { placeOf } from "../cluster/cluster-view.ts";
import { countText, durationText, millisText, sizeText } from "../quantity-text.ts";
import { type Column, tableLines } from "../text-table.ts";
import { percentileMs } from "./latency-buckets.ts";
import type { NodeReading } from "./node-reading.ts";

const COLUMNS: readonly Column[] = [
  { head: "" },
  { head: "node" },
  { head: "address" },
  { head: "state" },
  { head: "version" },
  { head: "up for", isRight: true },
  { head: "clients", isRight: true },
  { head: "ops/s", isRight: true },
  { head: "p99 ms", isRight: true },
  { head: "keys", isRight: true },
  { head: "memory", isRight: true },
  { head: "disk", isRight: true },
  { head: "hints", isRight: true },
];

/** What a program is told of a node. */
export interface NodeFigures {
  readonly id: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly machine: string;
  readonly state: string;
  /** By the verdict of the node that was asked first. */
  readonly up: boolean;
  /** Why it could not be asked itself; null if it has answered, and then nothing else is. */
  readonly problem: string | null;
  readonly version: string | null;
  readonly uptimeSeconds: number | null;
  readonly clients: number | null;
  readonly opsPerSecond: number | null;
  /** Since it started. */
  readonly p99Ms: number | null;
  readonly keys: number | null;
  readonly usedMemory: number | null;
  readonly diskBytes: number | null;
  /** Writes that it keeps for others. */
  readonly hintsPending: number | null;
}

export function figuresOfNode({ member, problem, fields, latency }: NodeReading): NodeFigures {
  const { id, host, port, machine, state, up } = member;
  const number = (name: string): number | null => (fields.has(name) ? Number(fields.get(name)) : null);
  return {
    ...{ id, host, port, machine, state, up, problem: problem ?? null },
    version: fields.get("kvorum_version") ?? null,
    uptimeSeconds: number("uptime_in_seconds"),
    clients: number("connected_clients"),
    opsPerSecond: number("instantaneous_ops_per_sec"),
    p99Ms: percentileMs(latency, 99) ?? null,
    keys: problem === undefined ? keysOf(fields) : null,
    usedMemory: number("used_memory"),
    diskBytes: number("lsm_table_bytes"),
    hintsPending: number("kvorum_hints_pending"),
  };
}

export function nodesReport(nodes: readonly NodeReading[]): string {
  const rows = nodes.map(rowOf).sort((a, b) => a[2]!.localeCompare(b[2]!));
  const silent = nodes.filter(({ problem }) => problem !== undefined);
  const remarks = silent.map(({ member, problem }) => `${placeOf(member)}: ${problem}`);
  return `${[...tableLines(COLUMNS, rows), ...(remarks.length > 0 ? ["", ...remarks] : [])].join("\n")}\n`;
}

function rowOf(reading: NodeReading): readonly string[] {
  const { member } = reading;
  const figures = figuresOfNode(reading);
  const shown = (value: number | null, text: (value: number) => string): string =>
    value === null ? "-" : text(value);
  return [
    member.self ? "*" : "",
    member.id.slice(0, 8),
    placeOf(member),
    stateOf(reading),
    figures.version ?? "-",
    shown(figures.uptimeSeconds, durationText),
    shown(figures.clients, countText),
    shown(figures.opsPerSecond, countText),
    shown(figures.p99Ms, millisText),
    shown(figures.keys, countText),
    shown(figures.usedMemory, sizeText),
    shown(figures.diskBytes, sizeText),
    shown(figures.hintsPending, countText),
  ];
}

/** Its state in the plan, and whether it answers: "up", "DOWN", "up, SILENT", "joining, up". */
export function stateOf({ member: { state, up }, problem }: NodeReading): string {
  const life = up ? "up" : "DOWN";
  const plan = state === "member" ? life : `${state}, ${life}`;
  return up && problem !== undefined ? `${plan}, SILENT` : plan;
}

/** Of all databases, "db0:keys=3,expires=0". */
function keysOf(fields: ReadonlyMap<string, string>): number {
  let keys = 0;
  for (const [name, value] of fields) {
    if (/^db\d+$/.test(name)) keys += Number(/^keys=(\d+)/.exec(value)?.[1] ?? 0);
  }
  return keys;
}
