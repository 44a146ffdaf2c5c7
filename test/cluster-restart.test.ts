/**
 * A whole cluster of real processes, all killed at one moment while clients write, and started again in another order, one of
 * them much later, or at other addresses: it comes back by itself, with all that was acknowledged (with `everysec`: but for
 * the last seconds before the kill). What a failing power takes besides, that was not synced, the simulator takes:
 * testdata/scenarios/all-lose-power.txt.
 */
import { afterEach, expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { SimRandom } from "../src/sim/sim-random.ts";
import { readAll } from "./support/cluster/read-all.ts";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { PatientClient, Witness } from "./support/cluster/witness.ts";

const PATIENCE_MS = 8_000;
const WRITES = 60;
/** What `everysec` may lose: a second until it syncs, and another for a machine that does much else. */
const WINDOW_MS = 2_000;
const TEST_MS = 180_000;

const clock = createNodejsClock();
const sleep = (ms: number): Promise<void> => clock.sleep(ms);
let cluster: RealCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

/** Witnesses that write at any node until they are told to stop. */
class Writers {
  readonly witnesses: readonly Witness[];
  readonly #loops: readonly Promise<void>[];
  readonly #random: SimRandom;
  #isStopped = false;

  constructor(name: string, nodes: readonly RealNode[], count = 4) {
    this.#random = new SimRandom(name);
    this.witnesses = Array.from(
      { length: count },
      (_, n) => new Witness(`${name}${n}`, this.#random.fork(`${n}`)),
    );
    this.#loops = this.witnesses.map((witness, n) => this.#write(witness, n, nodes));
  }

  get acknowledgedCount(): number {
    return this.witnesses.reduce((sum, witness) => sum + witness.acknowledgedCount, 0);
  }

  async acknowledged(count: number): Promise<void> {
    await until(`${count} writes are acknowledged`, async () => this.acknowledgedCount >= count);
  }

  /** Resolves when no request is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  async #write(witness: Witness, n: number, nodes: readonly RealNode[]): Promise<void> {
    const client = new PatientClient(sleep);
    const choice = this.#random.fork(`port ${n}`);
    while (!this.#isStopped) {
      const { port } = nodes[choice.below(nodes.length)]!;
      await witness.act((call) => client.ask(port, call, PATIENCE_MS));
    }
    client.close();
  }
}

/** Kills all while `writers` write. */
async function killAllUnder(writers: Writers): Promise<void> {
  const killed = cluster!.killAll();
  await Promise.all([killed, writers.stop()]);
}

async function startOneByOne(nodes: readonly RealNode[]): Promise<void> {
  for (const node of nodes) await cluster!.start(node);
}

test("started in the opposite order, the first much later: nothing that was acknowledged is lost, and four serve without the fifth", {
  timeout: TEST_MS,
}, async () => {
  cluster = await RealCluster.start(5, { options: ["--fsync", "always"] });
  const { nodes } = cluster;
  const before = new Writers("before", nodes);
  await before.acknowledged(WRITES);
  await killAllUnder(before);

  const [late, ...others] = nodes;
  await startOneByOne(others.reverse());
  const meanwhile = new Writers("meanwhile", others);
  await meanwhile.acknowledged(WRITES);
  await meanwhile.stop();
  await cluster.whole(others);
  expect(await readAll([...before.witnesses, ...meanwhile.witnesses], others)).toEqual([]);

  await cluster.start(late!);
  await cluster.whole();
  await cluster.withoutHints();
  expect(await readAll([...before.witnesses, ...meanwhile.witnesses], nodes)).toEqual([]);
});

test("started all at other addresses: they find each other, and all that was acknowledged is there", {
  timeout: TEST_MS,
}, async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "always"] });
  const { nodes } = cluster;
  const ids = await idsOf(nodes);
  const writers = new Writers("moved", nodes);
  await writers.acknowledged(WRITES);
  await killAllUnder(writers);

  for (const node of nodes) await node.move();
  await startOneByOne([nodes[1]!, nodes[2]!, nodes[0]!]);
  await cluster.whole();
  expect(await idsOf(nodes)).toEqual(ids);
  expect(await readAll(writers.witnesses, nodes)).toEqual([]);
});

test("killed in the middle of a join: it goes on where it was, and nothing is lost", {
  timeout: TEST_MS,
}, async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "always"] });
  const writers = new Writers("joined", [...cluster.nodes]);
  await writers.acknowledged(WRITES);
  const newcomer = await cluster.add();
  await until("a move is under way", async () => (await newcomer.status()).move !== null);
  await killAllUnder(writers);

  await startOneByOne([...cluster.nodes].reverse());
  await cluster.whole();
  for (const node of cluster.nodes) {
    await until(`${node.name} sees four members, and nothing moves`, async () => {
      const { move, members } = await node.status();
      return move === null && members.length === 4;
    });
  }
  expect(await readAll(writers.witnesses, cluster.nodes)).toEqual([]);
});

test("with everysec, what was acknowledged two seconds before is there", { timeout: TEST_MS }, async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "everysec"] });
  const { nodes } = cluster;
  const settled = new Writers("settled", nodes);
  await settled.acknowledged(10 * WRITES);
  await settled.stop();
  const late = new Writers("late", nodes);
  await sleep(WINDOW_MS);
  await late.acknowledged(WRITES);
  await killAllUnder(late);

  await startOneByOne([nodes[2]!, nodes[0]!, nodes[1]!]);
  await cluster.whole();
  expect(await readAll(settled.witnesses, nodes)).toEqual([]);
  const lost = await readAll(late.witnesses, [nodes[0]!]);
  console.log(
    `of ${late.acknowledgedCount} writes in the last seconds, lost or back for ${lost.length} of 4 clients`,
  );
});

async function idsOf(nodes: readonly RealNode[]): Promise<string[]> {
  return Promise.all(nodes.map(async (node) => (await node.status()).self));
}
