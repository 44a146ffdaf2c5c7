/** Clients that write and read all the time, one request under way on each connection, and keep a record. */
import { createNodejsClock } from "../../../src/runtime/nodejs/clock.ts";
import { SimRandom } from "../../../src/sim/sim-random.ts";
import { RawClient } from "../raw-client.ts";

const KEYS = 2_000;

export interface LoadRecord {
  readonly requests: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Each different error, once. */
  readonly errors: readonly string[];
}

export class SteadyLoad {
  readonly #clock = createNodejsClock();
  readonly #loops: Promise<void>[] = [];
  #latencies: number[] = [];
  #errors = new Set<string>();
  /** Since the start, each once. */
  readonly #allErrors = new Set<string>();
  #isStopped = false;

  /** Resolves when all are connected. */
  static async start(ports: readonly number[], connections: number): Promise<SteadyLoad> {
    const load = new SteadyLoad();
    const random = new SimRandom("load");
    for (let n = 0; n < connections; n++) {
      const client = await RawClient.connect(ports[n % ports.length]!);
      load.#loops.push(load.#run(client, random.fork(`${n}`)));
    }
    return load;
  }

  /** Resolves to what happens from now on for so long. */
  async during(durationMs: number): Promise<LoadRecord> {
    this.begin();
    await this.#clock.sleep(durationMs);
    return this.record();
  }

  /** The next record begins here. */
  begin(): void {
    this.#latencies = [];
    this.#errors = new Set();
  }

  /** What has happened since `begin`. */
  record(): LoadRecord {
    const sorted = this.#latencies.sort((a, b) => a - b);
    return {
      requests: sorted.length,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
      worstMs: sorted.at(-1) ?? Number.NaN,
      errors: [...this.#errors],
    };
  }

  get allErrors(): readonly string[] {
    return [...this.#allErrors];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  #note(error: string): void {
    this.#errors.add(error);
    this.#allErrors.add(error);
  }

  async #run(client: RawClient, random: SimRandom): Promise<void> {
    try {
      for (let count = 0; !this.#isStopped; count++) {
        const key = `load:${random.below(KEYS)}`;
        const call = random.oneIn(2) ? ["set", key, `${count}`] : ["get", key];
        const sentMs = this.#clock.monotonicMs();
        const reply = await client.call(...call);
        this.#latencies.push(this.#clock.monotonicMs() - sentMs);
        if (reply[0] === 0x2d) this.#note(reply.toString().trim());
      }
    } catch (cause) {
      this.#note(String(cause));
    } finally {
      client.close();
    }
  }
}
