/**
 * What it takes replicas to become equal, and what that costs whom it does not concern: whole nodes on real disks in one process,
 * joined by real connections, whose bytes are counted (frames, gossip and all, for as long as it takes).
 *
 *   compare   two replicas of equal rows, and with some rows that differ: bytes that pass
 *   rebuild   a node that has lost its disk, by exchanges that nobody asks for, and by `replace`: time, and bytes to its data
 *   inserts   writes of new keys at quorum while exchanges go on without rest, beside none: throughput, in turn
 *
 * `--quick` for a short look; `--rows N`; `--only compare|rebuild|inserts`.
 */
import type { StorageNode } from "../src/node/node.ts";
import type { ConsistencyLevel } from "../src/replication/quorum-need.ts";
import { median } from "./peers/comparison.ts";
import { keyOf, rowBytesOf, rowCountOf, Town, until } from "./repair/town.ts";

const isQuick = process.argv.includes("--quick");
const ROWS = Number(argument("--rows") ?? (isQuick ? 50_000 : 1_000_000));
const only = argument("--only");
const DIFFERING = [1, 10, 100, 1_000, 10_000].filter((count) => count <= ROWS / 10);
const REBUILT = [1_000, 30_000, ROWS].filter((rows, i, all) => rows <= ROWS && all.indexOf(rows) === i);
const ROUNDS = isQuick ? 3 : 9;
const BASE_ROWS = isQuick ? 20_000 : 100_000;
const INSERTS = isQuick ? 20_000 : 60_000;
const IN_FLIGHT = 100;
const WARM_UP = 5_000;
const WRITE = { level: "quorum" as ConsistencyLevel, isSloppy: true, readLevel: undefined };
const value = new Uint8Array(16).fill(120);

if (only === undefined || only === "compare") await compare();
if (only === undefined || only === "rebuild") await rebuild();
if (only === undefined || only === "inserts") await inserts();
process.exit(0);

async function compare(): Promise<void> {
  const town = await Town.open(2, { isFixed: true });
  for (const node of town.nodes) node.cluster!.repair.onTick = () => undefined;
  await town.fill(town.nodes, { to: ROWS });
  console.log(`\nTwo replicas of ${figure(ROWS)} rows, compared when somebody asks for it`);
  console.log("differing rows      on the wire    a differing row    rows looked at    moved");
  for (const [version, count] of [0, ...DIFFERING].entries()) {
    await town.fill([town.node(1)], { to: count, version: version + 2 });
    const before = town.wire.bytes;
    const { totals, failures } = await town.node(0).cluster!.repair.repair();
    if (failures.size > 0) throw new Error([...failures.values()].join("; "));
    const bytes = town.wire.bytes - before;
    const each = count === 0 ? "" : figure(bytes / count);
    console.log(
      `${figure(count).padStart(14)}${figure(bytes).padStart(15)} B${each.padStart(17)} B` +
        `${figure(totals.rows).padStart(18)}${figure(totals.pulled + totals.pushed).padStart(9)}`,
    );
  }
  await town.close();
}

async function rebuild(): Promise<void> {
  console.log("\nA node of three that has lost its disk gets its rows back");
  console.log("                     rows      took    a million rows    on the wire / its data");
  for (const rows of REBUILT) {
    const town = await Town.open(3, { isFixed: true });
    await town.fill(town.nodes, { to: rows });
    await town.wipe(2);
    await told("by exchanges", rows, town, () => town.start(2));
    await town.close();
  }
  for (const rows of REBUILT) {
    const town = await Town.open(3, { isFixed: false });
    await town.fill(town.nodes, { to: rows });
    const { id } = town.node(2).cluster!.self;
    await town.wipe(2);
    const place = await town.addPlace();
    await told("by replace", rows, town, () => town.start(place, id));
    await town.close();
  }
}

async function told(how: string, rows: number, town: Town, begin: () => Promise<StorageNode>): Promise<void> {
  let dataBytes = 0;
  for (let number = 0; number < rows; number++) dataBytes += rowBytesOf(number);
  const [bytesBefore, startedMs] = [town.wire.bytes, performance.now()];
  const node = await begin();
  await until(() => rowCountOf(node) >= rows && node.cluster!.topology.move === undefined);
  const seconds = (performance.now() - startedMs) / 1000;
  const ratio = (town.wire.bytes - bytesBefore) / dataBytes;
  console.log(
    `${how.padEnd(14)}${figure(rows).padStart(11)}${seconds.toFixed(1).padStart(8)} s` +
      `${((seconds * 1e6) / rows).toFixed(0).padStart(14)} s${ratio.toFixed(2).padStart(24)}`,
  );
}

/** Each run has a cluster of its own, so that nothing is left of the one before. */
async function inserts(): Promise<void> {
  const rates: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const isFirst = round % 2 === 0;
    const first = await measureInserts(isFirst);
    const second = await measureInserts(!isFirst);
    const [beside, alone] = isFirst ? [first, second] : [second, first];
    rates.push(beside.perSecond / alone.perSecond);
    costs.push(beside.cpuMicros / alone.cpuMicros);
  }
  console.log(`\nInserts at quorum while exchanges go on without rest, to without: ${ROUNDS} pairs`);
  console.log(`throughput ${spread(rates)}, processor time ${spread(costs)}`);
}

function spread(ratios: readonly number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  return `${median(ratios).toFixed(2)} (${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)})`;
}

interface MeasuredInserts {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measureInserts(exchanges: boolean): Promise<MeasuredInserts> {
  const town = await Town.open(3, { isFixed: true });
  const repairs = town.nodes.map(({ cluster }) => cluster!.repair);
  const onTicks = repairs.map((repair) => repair.onTick.bind(repair));
  for (const repair of repairs) repair.onTick = () => undefined;
  await town.fill(town.nodes, { to: BASE_ROWS });
  await insert(town, BASE_ROWS, WARM_UP);
  for (const onTick of onTicks) onTick(0);
  const everHurried = setInterval(() => {
    if (exchanges) for (const onTick of onTicks) onTick(Number.MAX_SAFE_INTEGER);
  }, 20);
  const [startedMs, cpuBefore] = [performance.now(), process.cpuUsage()];
  await insert(town, BASE_ROWS + WARM_UP, INSERTS);
  const perSecond = (INSERTS * 1000) / (performance.now() - startedMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(everHurried);
  const slots = repairs.reduce((sum, { totals }) => sum + totals.slots, 0);
  if (exchanges !== slots > 0) throw new Error(`exchanges: ${exchanges}, but ${slots} slots were compared`);
  await town.close();
  return { perSecond, cpuMicros: (user + system) / INSERTS };
}

async function insert(town: Town, from: number, count: number): Promise<void> {
  let next = 0;
  const coordinators = town.nodes.map(({ cluster }) => cluster!.coordinator);
  const live = async (): Promise<void> => {
    while (next < count) {
      const number = from + next++;
      const ref = { database: 0, key: keyOf(number) };
      await coordinators[number % coordinators.length]!.update(ref, WRITE, put);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, live));
}

function put() {
  return { reply: "OK", change: { kind: "put", value, expiresAtMs: 0 } } as const;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

function figure(count: number): string {
  return Math.round(count).toLocaleString("en");
}
