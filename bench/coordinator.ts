/**
 * What a write and a read of a cluster cost: three nodes in one process, in memory, over real connections, so that the
 * processor time of one request is that of all three nodes together. Driven without the clients' door.
 *
 * Argument: requests in flight (150). Rounds alternate; each figure is the least of them.
 */
import { silentLogger } from "../src/base/logger.ts";
import { foundTopologyOf } from "../src/membership/topology-change.ts";
import { openNode, type StorageNode } from "../src/node/node.ts";
import { DEFAULT_SETTINGS } from "../src/node/settings.ts";
import type { Coordinator } from "../src/replication/coordinator.ts";
import type { ConsistencyLevel } from "../src/replication/quorum-need.ts";
import type { KeyRef, KeyView } from "../src/replication/step.ts";
import { createNodejsRuntime } from "../src/runtime/nodejs/nodejs-runtime.ts";

const IN_FLIGHT = Number(process.argv[2] ?? 150);
const REQUESTS = Number(process.argv[3] ?? 60_000);
const ROUNDS = 4;
const KEYS = 10_000;
const PORT = 17_411;
const HOST = "127.0.0.1";
const NAMES = ["a", "b", "c"].map((name) => name.repeat(16));

const value = new Uint8Array(100).fill(120);
const refs: KeyRef[] = Array.from({ length: KEYS }, (_, i) => ({
  database: 0,
  key: Buffer.from(`key:${i}`),
}));
const WRITE = { level: "quorum" as ConsistencyLevel, isSloppy: true, readLevel: undefined };
const nodes = await openNodes();
const coordinators = nodes.map(({ cluster }) => cluster!.coordinator);

const deeds = {
  "write, quorum": (at: Coordinator, ref: KeyRef) => at.update(ref, WRITE, put),
  "read, quorum": (at: Coordinator, ref: KeyRef) => at.read(ref, "quorum", lengthOf),
};

for (const at of coordinators) await at.update(refs[0]!, { ...WRITE, level: "all" }, put); // all are connected

const least = new Map<string, number>();
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, deed] of Object.entries(deeds)) {
    const micros = await measure(deed);
    if (round >= 0) least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, micros));
  }
}
console.log(
  `three nodes in one process, ${IN_FLIGHT} in flight; processor time of all; least of ${ROUNDS} rounds`,
);
for (const [name, micros] of least) console.log(`${name.padEnd(14)} ${micros.toFixed(1).padStart(6)} us`);
await Promise.all(nodes.map((node) => node.close()));
process.exit(0);

function put() {
  return { reply: "OK", change: { kind: "put", value, expiresAtMs: 0 } } as const;
}

function lengthOf(view: KeyView): number {
  return view.value?.length ?? 0;
}

async function measure(deed: (at: Coordinator, ref: KeyRef) => unknown): Promise<number> {
  let next = 0;
  const live = async (): Promise<void> => {
    while (next < REQUESTS) {
      const i = next++;
      await deed(coordinators[i % coordinators.length]!, refs[(i * 7) % KEYS]!);
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: IN_FLIGHT }, live));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

async function openNodes(): Promise<StorageNode[]> {
  const founders = NAMES.map((id) => ({ id, datacenter: "d", rack: "r", machine: id, weight: 1 }));
  const founded = foundTopologyOf("bench", founders);
  if (founded.kind === "refused") throw new Error(founded.reason);
  const addresses = new Map(NAMES.map((id, i) => [id, { host: HOST, port: PORT + i }]));
  const settings = { ...DEFAULT_SETTINGS, storage: "memory" as const };
  const fixed = { topology: founded.topology, addresses, secret: new Uint8Array(32) };
  return Promise.all(
    NAMES.map((id) => openNode(createNodejsRuntime(), settings, silentLogger, { fixed: { id, ...fixed } })),
  );
}
