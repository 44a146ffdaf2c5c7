/**
 * Five nodes as real processes that are killed, halted and started again by chance while clients write: nothing that
 * was acknowledged may be lost, nothing that was deleted or refused be there. KVORUM_CLUSTER_MINUTES says how long
 * (HACKING.md), KVORUM_SEED which faults.
 */
import { rmSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { SimRandom } from "../src/sim/sim-random.ts";
import { readAll } from "./support/cluster/read-all.ts";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { PatientClient, Witness } from "./support/cluster/witness.ts";

const MINUTES = Number(process.env.KVORUM_CLUSTER_MINUTES ?? 0.25);
const SEED = process.env.KVORUM_SEED ?? "faults";
const NODES = 5;
/** So many may be away at one time: the others have a majority. */
const AWAY_MAX = 2;
const WITNESSES = 8;
const PATIENCE_MS = 8_000;
const CALM_MS_MAX = 1_500;
const AWAY_MS_MAX = 3_000;

const clock = createNodejsClock();
const sleep = (ms: number): Promise<void> => clock.sleep(ms);
let cluster: RealCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test(`${MINUTES} minutes of kills and halts, seed ${SEED}`, {
  timeout: MINUTES * 60_000 + 180_000,
}, async () => {
  cluster = await RealCluster.start(NODES, { options: ["--fsync", "always"] });
  const { nodes } = cluster;
  const random = new SimRandom(SEED);
  const witnesses = Array.from({ length: WITNESSES }, (_, n) => new Witness(`w${n}`, random.fork(`w${n}`)));
  const endMs = clock.monotonicMs() + MINUTES * 60_000;
  const faults: string[] = [];
  const away = new Set<RealNode>();

  const write = async (witness: Witness, n: number): Promise<void> => {
    const client = new PatientClient(sleep);
    const choice = random.fork(`port ${n}`);
    while (clock.monotonicMs() < endMs) {
      const { port } = nodes[choice.below(NODES)]!;
      await witness.act((call) => client.ask(port, call, PATIENCE_MS));
    }
    client.close();
  };

  const harm = async (node: RealNode): Promise<void> => {
    const awayMs = random.below(AWAY_MS_MAX);
    if (random.oneIn(3)) {
      faults.push(`halt ${node.name} for ${awayMs} ms`);
      node.halt();
      await sleep(awayMs);
      node.goOn();
      return;
    }
    faults.push(`kill ${node.name} for ${awayMs} ms`);
    await node.kill();
    await sleep(awayMs);
    await cluster!.start(node);
  };

  const harmAll = async (): Promise<void> => {
    const underWay: Promise<void>[] = [];
    while (clock.monotonicMs() < endMs) {
      await sleep(random.below(CALM_MS_MAX));
      const node = nodes[random.below(NODES)]!;
      if (away.has(node) || away.size >= AWAY_MAX) continue;
      away.add(node);
      underWay.push(harm(node).finally(() => void away.delete(node)));
    }
    await Promise.all(underWay);
  };

  await Promise.all([...witnesses.map(write), harmAll()]);
  await cluster.whole();
  await cluster.withoutHints();
  expect(await readAll(witnesses, nodes)).toEqual([]);
  const acknowledged = witnesses.reduce((sum, witness) => sum + witness.acknowledgedCount, 0);
  console.log(`${faults.length} faults, ${acknowledged} writes acknowledged, nothing lost`);
  expect(acknowledged).toBeGreaterThan(WITNESSES);
  expect(faults.length).toBeGreaterThan(0);
});

test("the witness sees what is lost: written to one copy only, on a disk that goes", {
  timeout: 120_000,
}, async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "always"] });
  const [lost, ...others] = cluster.nodes;
  const client = new PatientClient(sleep);
  const ask = (call: readonly (string | Uint8Array)[]) => client.ask(lost!.port, call, PATIENCE_MS);
  const witness = new Witness("w", new SimRandom("lost"));
  expect(await ask(["kv.consistency", "write", "one", "read", "one"])).toMatchObject({ kind: "reply" });
  for (const other of others) other.halt();
  for (let i = 0; i < 50; i++) await witness.act(ask);
  expect(witness.acknowledgedCount).toBeGreaterThan(40);
  client.close();
  await lost!.kill();
  rmSync(lost!.dataDirectory, { recursive: true });
  for (const other of others) await other.kill(); // with what the lost one may have sent, unread
  for (const other of others) await cluster.start(other);
  expect((await readAll([witness], others)).join()).toContain("was acknowledged, and is lost");
});
