/**
 * How evenly tokens are allocated and how little a join moves, from 3 to 200 nodes: writes docs/ring.md and docs/ring.svg.
 * Repeatable: only the processor times differ from run to run. Arguments: how many nodes to grow to.
 */
import { writeFileSync } from "node:fs";
import { PlacementPlan } from "../src/ring/placement-plan.ts";
import { ringLoad, worstRatio } from "../src/ring/ring-load.ts";
import { CLUSTERS, grow, movedCount, type Step, THREE_COPIES } from "../src/ring/ring-samples.oracle.ts";
import { allocateTokens } from "../src/ring/token-allocation.ts";
import { createNodejsHost } from "../src/runtime/nodejs/host.ts";

const NODES = Number(process.argv[2] ?? 200);
const WIDTH = 720;
const HEIGHT = 300;
const COLORS = ["#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#475569"];
const host = createNodejsHost();

function cpuMs(body: () => void): number {
  const before = host.cpuSeconds().user;
  body();
  return (host.cpuSeconds().user - before) * 1000;
}

const max = (values: readonly number[]): string => Math.max(...values).toFixed(3);

function row(name: string, steps: readonly Step[]): string {
  const settled = steps.filter(({ nodeCount }) => nodeCount >= 3);
  const moved = steps.flatMap((step) => step.moved ?? []);
  const last = steps.at(-1)!;
  const left = allocateTokens(last.members.slice(1), THREE_COPIES);
  const gone = ringLoad(last.members, THREE_COPIES)[0]!.slotCount;
  const leaving = movedCount(last.members, left) / gone;
  const mean = moved.reduce((sum, each) => sum + each, 0) / moved.length;
  const columns = [
    name,
    max(settled.map(({ ratio }) => ratio)),
    last.ratio.toFixed(3),
    max(settled.map(({ firstRatio }) => firstRatio)),
    max(moved),
    mean.toFixed(3),
    worstRatio(ringLoad(left, THREE_COPIES)).toFixed(3),
    leaving.toFixed(3),
  ];
  return `| ${columns.join(" | ")} |`;
}

function curve(steps: readonly Step[], color: string): string {
  const points = steps
    .filter(({ nodeCount }) => nodeCount >= 3)
    .map(({ nodeCount, ratio }) => `${x(nodeCount)},${y(ratio)}`);
  return `<polyline fill="none" stroke="${color}" stroke-width="1.2" points="${points.join(" ")}"/>`;
}

function x(nodeCount: number): string {
  return (50 + ((nodeCount - 3) / (NODES - 3)) * (WIDTH - 70)).toFixed(1);
}

function y(ratio: number): string {
  return (HEIGHT - 40 - ((ratio - 1) / 0.12) * (HEIGHT - 60)).toFixed(1);
}

function picture(all: ReadonlyMap<string, readonly Step[]>): string {
  const names = [...all.keys()];
  const curves = names.map((name, i) => curve(all.get(name)!, COLORS[i]!));
  const legend = names.map(
    (name, i) =>
      `<text x="${60 + (i % 2) * 330}" y="${HEIGHT + 14 + 16 * (i >> 1)}" fill="${COLORS[i]}">— ${name}</text>`,
  );
  const lines = [1, 1.02, 1.04, 1.06, 1.08, 1.1].map(
    (ratio) =>
      `<line x1="50" x2="${WIDTH - 20}" y1="${y(ratio)}" y2="${y(ratio)}" stroke="#ccc"/>` +
      `<text x="12" y="${y(ratio)}">${ratio.toFixed(2)}</text>`,
  );
  const ticks = [3, 50, 100, 150, 200].filter((count) => count <= NODES);
  const below = ticks.map((count) => `<text x="${x(count)}" y="${HEIGHT - 22}">${count}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT + 60}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="50" y="14">load of the most loaded node over its fair share, while nodes join one by one</text>`,
    ...lines,
    ...below,
    ...curves,
    ...legend,
    "</svg>\n",
  ].join("\n");
}

const all = new Map(Object.entries(CLUSTERS).map(([name, shape]) => [name, [...grow(shape, NODES)]]));
const big = all.get("weights 1, 2, 4")!.at(-1)!.members;
const planMs = Math.min(...[1, 2, 3, 4, 5].map(() => cpuMs(() => new PlacementPlan(big, THREE_COPIES))));
const joinMs = cpuMs(() =>
  allocateTokens([...big, { ...big[0]!, id: "new", machine: "new", tokens: [] }], THREE_COPIES),
);
const page = `# How even the ring is

Written by \`npm run bench -- ring\`, which repeats it bit for bit, times aside. Three copies, 16 tokens for each unit of
weight, 3 to ${NODES} nodes joined one by one.

**Fair share**: what a node would hold if load followed weight as far as distinctness lets it. A machine holds at most one
copy of a slot; copies go round the racks before a rack gets one more, so with three racks or more a rack
holds at most one. What such a bound keeps from one node is divided among the others by weight (water-filling:
\`src/ring/fair-share.ts\`). **Moved**: copies of slots that change their node, over those that must: what fair
shares grow by, which is the newcomer's own unless a bound of racks shifts others', too; or what the leaver held.
1.00 is what it takes to be quite even; less leaves some unevenness.

| cluster | worst load / share, all sizes | at ${NODES} | worst of first copies | most moved by a join | mean | load / share after a leave at ${NODES} | moved by it |
|---|---|---|---|---|---|---|---|
${[...all].map(([name, steps]) => row(name, steps)).join("\n")}

The goals are 1.10 for the load and 1.20 for what moves. First copies are where cluster-aware clients send
their requests; they have no goal of their own.

![Load of the most loaded node, by number of nodes](ring.svg)

A plan of ${NODES} nodes with ${big.reduce((sum, { tokens }) => sum + tokens.length, 0)} tokens took ${planMs.toFixed(0)} ms of processor time, once per epoch; allocating the tokens of one
more node ${joinMs.toFixed(0)} ms.
`;
writeFileSync("docs/ring.md", page);
writeFileSync("docs/ring.svg", picture(all));
process.stdout.write(page);
