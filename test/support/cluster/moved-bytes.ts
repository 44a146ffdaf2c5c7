/** What nodes have fetched of each other, while some of them are killed and begin to count anew. */
import { createNodejsClock } from "../../../src/runtime/nodejs/clock.ts";
import { RawClient } from "../raw-client.ts";
import type { RealNode } from "./real-cluster.ts";

const LOOK_EVERY_MS = 100;
const COUNTERS = ["kvorum_repair_bytes_sent", "kvorum_repair_bytes_received", "kvorum_repair_rows_fetched"];

type Counts = readonly [sent: number, received: number, rows: number];

export class MovedBytes {
  readonly #clock = createNodejsClock();
  readonly #nodes: () => readonly RealNode[];
  readonly #last = new Map<RealNode, Counts>();
  readonly #loop: Promise<void>;
  #bytes = 0;
  #rows = 0;
  #isStopped = false;

  constructor(nodes: () => readonly RealNode[]) {
    this.#nodes = nodes;
    this.#loop = this.#run();
  }

  async stop(): Promise<{ readonly bytes: number; readonly rows: number }> {
    this.#isStopped = true;
    await this.#loop;
    await this.#look();
    return { bytes: this.#bytes, rows: this.#rows };
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#look();
      await this.#clock.sleep(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    for (const node of this.#nodes()) {
      const counts = await countsOf(node).catch(() => undefined); // it was killed
      if (counts === undefined) continue;
      const last = this.#last.get(node) ?? NOTHING;
      const isSameLife = counts.every((count, i) => count >= last[i]!);
      const [sent, received, rows] = counts.map((count, i) => count - (isSameLife ? last[i]! : 0));
      this.#bytes += sent! + received!;
      this.#rows += rows!;
      this.#last.set(node, counts);
    }
  }
}

const NOTHING: Counts = [0, 0, 0];

async function countsOf(node: RealNode): Promise<Counts> {
  const client = await RawClient.connect(node.port);
  try {
    const text = String(await client.call("info", "cluster"));
    const [sent, received, rows] = COUNTERS.map((name) =>
      Number(new RegExp(`${name}:(\\d+)`).exec(text)![1]),
    );
    return [sent!, received!, rows!];
  } finally {
    client.close();
  }
}
