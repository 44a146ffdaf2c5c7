/**
 * Five to seven nodes as real processes under load: killed and halted by chance, their disks taken away, while nodes
 * join and leave. Disks are lost one at a time, each only after the cluster has got over the last one, as it promises to
 * survive W - 1 = 1; processes die at any time. At the end nothing that was acknowledged is lost, nothing that was deleted
 * is back, and of each row there are exactly three equal copies, a minute after the last fault.
 *
 * KVORUM_CHURN_MINUTES says how long (HACKING.md), KVORUM_SEED which faults.
 */
import { afterEach, expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { SimRandom } from "../src/sim/sim-random.ts";
import { ClusterOperator } from "./support/cluster/cluster-operator.ts";
import { liveCopies } from "./support/cluster/live-copies.ts";
import { readAll } from "./support/cluster/read-all.ts";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { PatientClient, Witness } from "./support/cluster/witness.ts";
import { RawClient } from "./support/raw-client.ts";

const MINUTES = Number(process.env.KVORUM_CHURN_MINUTES ?? 2 / 3);
const SEED = process.env.KVORUM_SEED ?? "churn";
const NODES_MIN = 5;
const NODES_MAX = 7;
const COPIES = 3;
/** So many processes may be away at one time: the others have a majority of all slots' copies, or nearly all. */
const AWAY_MAX = 2;
const WITNESSES = 8;
const KEPT_KEYS = 2_000;
const VALUE = "v".repeat(200);
const PATIENCE_MS = 8_000;
const CALM_MS_MAX = 3_000;
const AWAY_MS_MAX = 3_000;
/** Until a node that is back is seen to be. */
const SEEN_MS = 20_000;
/** Between two requests of a client: a machine that is always busy moves nothing. */
const THINK_MS_MAX = 30;
const EQUAL_MS = 60_000;

const clock = createNodejsClock();
const sleep = (ms: number): Promise<void> => clock.sleep(ms);
let cluster: RealCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test(`${MINUTES.toFixed(2)} minutes of kills, halts, lost disks, joins and leaves, seed ${SEED}`, {
  timeout: MINUTES * 60_000 + 900_000,
}, async () => {
  cluster = await RealCluster.start(NODES_MIN, { options: ["--fsync", "always"] });
  await writeKept(cluster.nodes[0]!);
  const churn = new Churn(cluster, new SimRandom(SEED), clock.monotonicMs() + MINUTES * 60_000);
  await churn.run();
  const endedMs = clock.monotonicMs();
  await cluster.whole();
  let odd: readonly string[] = [];
  let rows = 0;
  const equal = until(
    "all copies are equal",
    async () => {
      ({ odd, rows } = await liveCopies(cluster!.nodes, COPIES));
      return odd.length === 0;
    },
    EQUAL_MS,
  );
  await equal.catch(() =>
    expect(odd.slice(0, 5), `${odd.length} of ${rows} rows, ${churn.faults.join("\n")}`).toEqual([]),
  );
  const equalMs = clock.monotonicMs() - endedMs;
  expect(await readAll(churn.witnesses, cluster.nodes), churn.faults.join("\n")).toEqual([]);
  for (const node of cluster.nodes) await expectKept(node);
  const acknowledged = churn.witnesses.reduce((sum, witness) => sum + witness.acknowledgedCount, 0);
  console.log(
    `${churn.faults.length} faults (${churn.summary}), ${acknowledged} writes acknowledged, nothing lost; ${rows} rows in ` +
      `${COPIES} equal copies ${Math.round(equalMs / 1000)} s after the last fault`,
  );
  expect(acknowledged).toBeGreaterThan(WITNESSES);
});

test("a node that has lost its disk is told whose place to take, and does not join as another", {
  timeout: 120_000,
}, async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "always"] });
  const [first, lost] = cluster.nodes;
  const { self } = await lost!.status();
  await lost!.wipe();
  await expect(cluster.start(lost!)).rejects.toThrow(`start this node with --replace ${self}`);
  expect((await first!.status()).members).toHaveLength(3);
});

/** All that befalls one cluster, and what its clients were promised meanwhile. */
class Churn {
  readonly witnesses: readonly Witness[];
  readonly faults: string[] = [];
  readonly #cluster: RealCluster;
  readonly #operator: ClusterOperator;
  readonly #random: SimRandom;
  readonly #startMs = clock.monotonicMs();
  readonly #endMs: number;
  readonly #counts = new Map<string, number>();
  /** Killed or halted, and to be back soon. */
  readonly #away = new Set<RealNode>();
  #isChanging = false;
  /** Nobody is harmed until the cluster has got over what was. */
  #isResting = false;

  constructor(of: RealCluster, random: SimRandom, endMs: number) {
    this.#cluster = of;
    this.#operator = new ClusterOperator(of);
    this.#random = random;
    this.#endMs = endMs;
    this.witnesses = Array.from(
      { length: WITNESSES },
      (_, n) => new Witness(`w${n}`, random.fork(`w${n}`), 20),
    );
  }

  get summary(): string {
    return [...this.#counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
  }

  async run(): Promise<void> {
    await Promise.all([
      ...this.witnesses.map((witness, n) => this.#write(witness, n)),
      this.#harm(),
      this.#change(),
    ]);
  }

  get #isOver(): boolean {
    return clock.monotonicMs() >= this.#endMs;
  }

  async #write(witness: Witness, n: number): Promise<void> {
    const client = new PatientClient(sleep);
    const choice = this.#random.fork(`port ${n}`);
    while (!this.#isOver) {
      const running = this.#cluster.nodes.filter((node) => node.isAlive);
      const { port } = running[choice.below(running.length)]!;
      await witness.act((call) => client.ask(port, call, PATIENCE_MS));
      await sleep(choice.below(THINK_MS_MAX));
    }
    client.close();
  }

  /** Processes die and stand still, also those that join and leave. */
  async #harm(): Promise<void> {
    const random = this.#random.fork("harm");
    const underWay = new Set<Promise<void>>();
    while (!this.#isOver) {
      await sleep(random.below(CALM_MS_MAX));
      const { nodes } = this.#cluster;
      const node = nodes[random.below(nodes.length)]!;
      if (
        this.#isResting ||
        this.#away.has(node) ||
        !node.isAlive ||
        this.#away.size >= (this.#isChanging ? 1 : AWAY_MAX)
      )
        continue;
      this.#away.add(node);
      const begunMs = clock.monotonicMs();
      const harmed = this.#harmOne(node, random).finally(() => {
        this.#away.delete(node);
        underWay.delete(harmed);
      });
      underWay.add(harmed);
      if (!this.#isChanging) continue;
      // Where starting a process takes a minute, nothing would ever move else: half of the time all are there.
      await harmed;
      await this.#untilOver(clock.monotonicMs() - begunMs);
    }
    await Promise.all(underWay);
  }

  /** Resolves after so long, or when it is over. */
  #untilOver(ms: number): Promise<void> {
    return sleep(Math.max(0, Math.min(ms, this.#endMs - clock.monotonicMs())));
  }

  /** Resolves when others have seen that it is back: while that lasts, it counts as away. */
  async #harmOne(node: RealNode, random: SimRandom): Promise<void> {
    await (random.oneIn(3) ? this.#halt(node, random) : this.#kill(node, random));
    if (!node.isAlive) return;
    const { self } = await node.status();
    const sees = async (other: RealNode): Promise<boolean> =>
      (await other.status()).members.every(({ id, up }) => id !== self || up);
    const others = this.#cluster.nodes.filter((other) => other !== node && !this.#away.has(other));
    await until(
      "others see it",
      async () => (await Promise.all(others.map(sees))).every(Boolean),
      SEEN_MS,
    ).catch(
      () => undefined, // one of them has been harmed meanwhile
    );
  }

  async #halt(node: RealNode, random: SimRandom): Promise<void> {
    const awayMs = random.below(AWAY_MS_MAX);
    this.#note("halt", `${node.name} for ${awayMs} ms`);
    node.halt();
    await sleep(awayMs);
    node.goOn();
  }

  async #kill(node: RealNode, random: SimRandom): Promise<void> {
    const awayMs = random.below(AWAY_MS_MAX);
    this.#note("kill", `${node.name} for ${awayMs} ms`);
    await node.kill();
    await sleep(awayMs);
    await this.#cluster.start(node).catch((cause: unknown) => {
      if (this.#leaving !== node) throw cause; // it has left meanwhile, and says so
    });
  }

  #leaving: RealNode | undefined;

  /** One change after another: each kind once, then again in another order. */
  async #change(): Promise<void> {
    const random = this.#random.fork("change");
    const all = [() => this.#wipe(random), () => this.#join(), () => this.#leave(random)];
    for (let left = [...all]; !this.#isOver; await sleep(random.below(CALM_MS_MAX))) {
      const next = left.shift()!;
      this.#isChanging = true;
      await next();
      this.#isChanging = false;
      if (left.length === 0) left = shuffled(all, random);
    }
  }

  async #wipe(random: SimRandom): Promise<void> {
    this.#isResting = true;
    await this.#operator.rested();
    const node = await this.#taken(random);
    this.#isResting = false;
    const { self } = await node.status();
    const goesElsewhere = random.oneIn(2);
    this.#note(
      "wipe",
      `${node.name}, which was ${self}, ${goesElsewhere ? "replaced at another address" : "replaced where it was"}`,
    );
    await node.wipe(self);
    if (goesElsewhere) await node.move();
    const replaced = this.#operator.replace(node, self);
    await until(
      "the newcomer is ready",
      async () => node.isAlive && (await node.status()).self !== self,
      120_000,
    );
    this.#away.delete(node);
    await replaced;
    this.#note("replaced", node.name);
  }

  async #join(): Promise<void> {
    if (this.#cluster.nodes.length >= NODES_MAX) return;
    this.#note("join", `node ${this.#cluster.nodes.length + 1}`);
    await this.#operator.join();
    this.#note("joined", "");
  }

  async #leave(random: SimRandom): Promise<void> {
    if (this.#cluster.nodes.length <= NODES_MIN) return this.#join();
    const node = await this.#taken(random);
    this.#leaving = node;
    this.#away.delete(node);
    this.#note("leave", node.name);
    await this.#operator.leave(node);
    await until("nobody harms it", async () => !this.#away.has(node), 120_000);
    await this.#cluster.part(node);
    this.#leaving = undefined;
    this.#note("left", node.name);
  }

  /** A node that nobody harms, until it is taken from `#away`. */
  async #taken(random: SimRandom): Promise<RealNode> {
    let node: RealNode | undefined;
    await until(
      "a node is whole",
      async () => {
        const { nodes } = this.#cluster;
        node = nodes[random.below(nodes.length)]!;
        return !this.#away.has(node) && node.isAlive;
      },
      120_000,
    );
    this.#away.add(node!);
    return node!;
  }

  #note(kind: string, what: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.faults.push(`${Math.round(clock.monotonicMs() - this.#startMs)} ms: ${kind} ${what}`);
  }
}

function shuffled<T>(items: readonly T[], random: SimRandom): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}

async function writeKept(node: RealNode): Promise<void> {
  const client = await RawClient.connect(node.port);
  for (let i = 0; i < KEPT_KEYS; i++) await client.call("set", `kept:${i}`, `${i} ${VALUE}`);
  client.close();
}

async function expectKept(node: RealNode): Promise<void> {
  const client = await RawClient.connect(node.port);
  for (let i = 0; i < KEPT_KEYS; i++) {
    const value = `${i} ${VALUE}`;
    expect(String(await client.call("get", `kept:${i}`))).toBe(`$${value.length}\r\n${value}\r\n`);
  }
  client.close();
}
