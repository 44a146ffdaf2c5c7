/** Measures how a cluster scales, and writes it up: docs/scale.md with its pictures. */
import { type GossipFigures, measureGossip } from "./gossip-scale.ts";
import { linePicture } from "./line-picture.ts";
import { type Loss, measureRecovery, type RecoveryFigures } from "./recovery-scale.ts";

/** Name -> content. */
export type ReportFiles = ReadonlyMap<string, string>;

export interface ScaleSizes {
  readonly nodes: readonly number[];
  readonly rows: Readonly<Record<Loss, readonly number[]>>;
}

export const FULL_SIZES: ScaleSizes = {
  nodes: [10, 50, 100, 300],
  rows: { down: [1_000, 4_000, 16_000], wiped: [100, 1_000, 4_000] },
};

const SEED = "scale";

export async function reportScale(sizes: ScaleSizes, onStep: (what: string) => void): Promise<ReportFiles> {
  const gossip: GossipFigures[] = [];
  for (const nodes of sizes.nodes) {
    onStep(`gossip of ${nodes} nodes`);
    gossip.push(await measureGossip(nodes, SEED));
  }
  const recover = async (loss: Loss): Promise<readonly RecoveryFigures[]> => {
    const figures: RecoveryFigures[] = [];
    for (const rows of sizes.rows[loss]) {
      onStep(`recovery of ${rows} rows, ${loss}`);
      figures.push(await measureRecovery(rows, loss));
    }
    return figures;
  };
  const [down, wiped] = [await recover("down"), await recover("wiped")];
  return new Map([
    ["scale.md", page(gossip, down, wiped)],
    ["scale-gossip.svg", gossipPicture(gossip)],
    ["scale-recovery.svg", recoveryPicture(down, wiped)],
  ]);
}

function page(
  gossip: readonly GossipFigures[],
  down: readonly RecoveryFigures[],
  wiped: readonly RecoveryFigures[],
): string {
  return `# How a cluster scales, by simulation

Written by \`npm run sim:scale\`, which repeats it bit for bit: times are virtual, bytes are those of production's messages.

## Gossip

Only gossip and failure detection run, each node's as in production (a tick every 500 ms), with 0.5 to 3 ms between nodes.
**Meet**: each node knows one other, until all have heard of all. **News**: one node's state changes, until all know;
the mean and the slowest of five. **Death**: a node falls silent, until the first and the last of the others counts it as down. **Sent**: by each node
at rest, gossip alone. A link that breaks tells of a death at once, without gossip: these are the figures for silence.

| nodes | meet | news | slowest news | death, first | death, last | sent per node | messages per node | wrongly down |
|---|---|---|---|---|---|---|---|---|
${gossip.map(gossipRow).join("\n")}

![Gossip, by number of nodes](scale-gossip.svg)

## Recovery

Three whole nodes on disk, three copies, values of 100 bytes, half a millisecond between nodes, nobody reads or writes. **Down**: rows are written
while a node is down; the others keep hints, and bring them once it is back. **Wiped**: a node loses its disk and comes back with an
empty one; exchanges bring it every row. The time counts from the moment when it serves clients again until it has all rows, looked at every 250 ms; sent is all that
passes between the three nodes meanwhile, gossip and handshakes included.

| what happened | rows | data | took | sent | sent / data |
|---|---|---|---|---|---|
${[...down.map((each) => recoveryRow("down", each)), ...wiped.map((each) => recoveryRow("wiped", each))].join("\n")}

![Time until a node has all rows, by their number](scale-recovery.svg)
`;
}

function gossipRow(figures: GossipFigures): string {
  const { nodes, meetingMs, newsMs, newsMsMax, firstDownMs, lastDownMs } = figures;
  const times = [meetingMs, newsMs, newsMsMax, firstDownMs, lastDownMs].map(seconds);
  const sent = `${(figures.bytesPerSecond / 1_000).toFixed(1)} kB/s`;
  return `| ${[nodes, ...times, sent, `${figures.messagesPerSecond.toFixed(1)}/s`, figures.wronglyDown].join(" | ")} |`;
}

function recoveryRow(loss: Loss, { rows, dataBytes, tookMs, sentBytes }: RecoveryFigures): string {
  const cells = [loss, rows, kilobytes(dataBytes), seconds(tookMs), kilobytes(sentBytes)];
  return `| ${[...cells, (sentBytes / dataBytes).toFixed(1)].join(" | ")} |`;
}

function gossipPicture(gossip: readonly GossipFigures[]): string {
  const line = (name: string, of: (figures: GossipFigures) => number) => ({
    name,
    points: gossip.map((figures) => [figures.nodes, of(figures) / 1_000] as const),
  });
  return linePicture({
    title: "Gossip, by number of nodes",
    xName: "nodes",
    yName: "seconds",
    lines: [
      line("all have met", ({ meetingMs }) => meetingMs),
      line("news is everywhere", ({ newsMs }) => newsMs),
      line("last knows of a death", ({ lastDownMs }) => lastDownMs),
      line("kB/s sent by a node", ({ bytesPerSecond }) => bytesPerSecond),
    ],
  });
}

function recoveryPicture(down: readonly RecoveryFigures[], wiped: readonly RecoveryFigures[]): string {
  const line = (name: string, figures: readonly RecoveryFigures[]) => ({
    name,
    points: figures.map(({ rows, tookMs }) => [rows, Math.max(tookMs, 1) / 1_000] as const),
  });
  return linePicture({
    title: "Until a node has all rows, by their number",
    xName: "rows",
    yName: "seconds",
    lines: [line("it was down: hints", down), line("its disk was wiped: exchanges", wiped)],
  });
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(0)} kB`;
}
