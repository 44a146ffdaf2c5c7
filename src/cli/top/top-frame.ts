/** One picture of `kvorum top`: text, from two readings of a cluster. Pure. */
import { placeOf } from "../cluster/cluster-view.ts";
import { moveLine } from "../cluster/status-report.ts";
import { type Colour, coloured } from "../colour.ts";
import { bucketsSince, percentileMs } from "../nodes/latency-buckets.ts";
import type { ClusterReading, NodeReading } from "../nodes/node-reading.ts";
import { figuresOfNode, stateOf } from "../nodes/nodes-report.ts";
import { countText, millisText, sizeText } from "../quantity-text.ts";
import { type Column, tableLines } from "../text-table.ts";

export interface Sample {
  readonly atMs: number;
  readonly reading: ClusterReading;
}

export interface FrameShape {
  readonly columns: number;
  readonly rows: number;
  readonly isColoured: boolean;
}

const COLUMNS: readonly Column[] = [
  { head: "node" },
  { head: "state" },
  ...[
    "ops/s",
    "p50 ms",
    "p99 ms",
    "cpu",
    "clients",
    "keys",
    "memory",
    "disk",
    "hits",
    "evicted/s",
    "hints",
  ].map((head) => ({ head, isRight: true })),
];

/** Lines, none wider than the screen, no more than it has. Rates are of the time since `before`, if that is there. */
export function topFrame(now: Sample, before: Sample | undefined, shape: FrameShape): readonly string[] {
  const { status } = now.reading;
  const earlier = new Map(before?.reading.nodes.map((node) => [node.member.id, node]));
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1_000;
  const nodes = [...now.reading.nodes]
    .sort((a, b) => placeOf(a.member).localeCompare(placeOf(b.member)))
    .map((node) => ratesOf(node, earlier.get(node.member.id), seconds));
  const table = tableLines(COLUMNS, nodes.map(rowOf));
  const lines = [
    { text: headline(now.reading), colour: "bold" as const },
    { text: totals(nodes) },
    ...(status.move === null ? [] : [{ text: moveLine(status, status.move), colour: "yellow" as const }]),
    { text: "" },
    { text: table[0]!, colour: "dim" as const },
    ...table.slice(1).map((text, i) => ({ text, ...(isWell(nodes[i]!) ? {} : { colour: "red" as const }) })),
  ];
  return lines.slice(0, shape.rows).map(({ text, colour }: { text: string; colour?: Colour }) => {
    const cut = text.slice(0, shape.columns);
    return colour === undefined ? cut : coloured(cut, colour, shape.isColoured);
  });
}

interface NodeRates {
  readonly node: NodeReading;
  readonly opsPerSecond: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Of one processor. */
  readonly cpu: number | undefined;
  /** Of reads. */
  readonly hits: number | undefined;
  readonly evictedPerSecond: number | undefined;
}

function ratesOf(node: NodeReading, before: NodeReading | undefined, seconds: number): NodeRates {
  const total = (reading: NodeReading, ...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + Number(reading.fields.get(name) ?? 0), 0);
  // Started anew meanwhile: its counters have, too.
  const isSameLife = before?.fields.get("run_id") === node.fields.get("run_id");
  const comparable = before !== undefined && before.problem === undefined && isSameLife ? before : undefined;
  const rate = (...names: readonly string[]): number | undefined =>
    node.problem !== undefined || comparable === undefined || seconds <= 0
      ? undefined
      : (total(node, ...names) - total(comparable, ...names)) / seconds;
  const hit = rate("keyspace_hits") ?? 0;
  const asked = hit + (rate("keyspace_misses") ?? 0);
  const latency = comparable === undefined ? node.latency : bucketsSince(comparable.latency, node.latency);
  return {
    node,
    opsPerSecond: rate("total_commands_processed") ?? figuresOfNode(node).opsPerSecond ?? undefined,
    p50Ms: percentileMs(latency, 50),
    p99Ms: percentileMs(latency, 99),
    cpu: rate("used_cpu_user", "used_cpu_sys"),
    hits: asked > 0 ? hit / asked : undefined,
    evictedPerSecond: rate("evicted_keys"),
  };
}

function rowOf({
  node,
  opsPerSecond,
  p50Ms,
  p99Ms,
  cpu,
  hits,
  evictedPerSecond,
}: NodeRates): readonly string[] {
  const { clients, keys, usedMemory, diskBytes, hintsPending } = figuresOfNode(node);
  const shown = (value: number | null | undefined, text: (value: number) => string): string =>
    value === null || value === undefined ? "-" : text(value);
  const percent = (part: number): string => `${(part * 100).toFixed(0)}%`;
  return [
    placeOf(node.member),
    stateOf(node),
    shown(opsPerSecond, countText),
    millisText(p50Ms),
    millisText(p99Ms),
    shown(cpu, percent),
    shown(clients, countText),
    shown(keys, countText),
    shown(usedMemory, sizeText),
    shown(diskBytes, sizeText),
    shown(hits, percent),
    shown(evictedPerSecond, countText),
    shown(hintsPending, countText),
  ];
}

function headline({ status, nodes }: ClusterReading): string {
  if (status.clusterId === null) return "A node alone";
  const up = status.members.filter((member) => member.up).length;
  const silent = nodes.filter(({ member, problem }) => member.up && problem !== undefined).length;
  const well = up === nodes.length && silent === 0 ? "all up" : `${up - silent} up`;
  return `cluster ${status.clusterId}, epoch ${status.epoch}: ${nodes.length} members, ${well}`;
}

function totals(nodes: readonly NodeRates[]): string {
  const sum = (value: (node: NodeRates) => number | null | undefined): number =>
    nodes.reduce((total, node) => total + (value(node) ?? 0), 0);
  const p99s = nodes.flatMap(({ p99Ms }) => (p99Ms === undefined ? [] : [p99Ms]));
  const hints = sum(({ node }) => figuresOfNode(node).hintsPending);
  const slowest = p99s.length === 0 ? "-" : millisText(Math.max(...p99s));
  return `${countText(sum(({ opsPerSecond }) => opsPerSecond))} ops/s, p99 ${slowest} ms at the slowest, ${countText(hints)} hints`;
}

function isWell({ node: { member, problem } }: NodeRates): boolean {
  return member.up && problem === undefined;
}
