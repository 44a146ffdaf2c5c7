/**
 * Looks at a server once a second, and keeps what charts show: the last ten minutes, one sample a second. Bounded: a sample is
 * a few numbers.
 */
import type { LoopDelay, ProgramGauges } from "../../runtime/program-gauges.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { Server } from "../server.ts";
import { replicationLags } from "./replication-lag.ts";
import type { RequestTimes } from "./request-times.ts";

export const SAMPLE_MS = 1_000;
export const SAMPLES_MAX = 600;

export interface MetricSample {
  readonly atMs: number;
  /** A second. */
  readonly operations: number;
  readonly errors: number;
  readonly evictions: number;
  readonly keyspaceEvictions: ReadonlyMap<string, number>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** The greatest of all peers. */
  readonly lagSeconds: number;
  /** Cores in use: 1 is one of them, all the time. */
  readonly cpuUser: number;
  readonly cpuSystem: number;
  /** 0 to 1. */
  readonly loopUtilization: number;
  readonly loopDelay: LoopDelay;
}

const NO_DELAY: LoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };
const NO_LOOP = { busyMs: 0, idleMs: 0 };

/** What goes up only, as it was at some moment. */
interface Totals {
  readonly atMs: number;
  readonly operations: number;
  readonly errors: number;
  readonly evictions: number;
  readonly keyspaceEvictions: ReadonlyMap<string, number>;
  readonly cpu: { readonly user: number; readonly system: number };
  readonly loop: { readonly busyMs: number; readonly idleMs: number };
}

export class Sampler {
  readonly #server: Server;
  readonly #clock: Pick<Clock, "monotonicMs" | "wallMs">;
  readonly #times: RequestTimes;
  readonly #gauges: ProgramGauges | undefined;
  readonly #samples: MetricSample[] = [];
  #totals: Totals;

  constructor(server: Server, times: RequestTimes, gauges: ProgramGauges | undefined) {
    this.#server = server;
    this.#clock = server.runtime.clock;
    this.#times = times;
    this.#gauges = gauges;
    this.#totals = this.#measure();
  }

  /** Oldest first. */
  get samples(): readonly MetricSample[] {
    return this.#samples;
  }

  get latest(): MetricSample | undefined {
    return this.#samples.at(-1);
  }

  /** Needs to be called about every `SAMPLE_MS`, right after RequestTimes has looked. */
  look(): void {
    const before = this.#totals;
    const now = this.#measure();
    this.#totals = now;
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const rate = (after: number, earlier: number): number => Math.max(0, after - earlier) / seconds;
    const times = this.#times.recent("all", 1);
    const busyMs = now.loop.busyMs - before.loop.busyMs;
    const loopMs = busyMs + now.loop.idleMs - before.loop.idleMs;
    this.#samples.push({
      atMs: this.#clock.wallMs(),
      operations: rate(now.operations, before.operations),
      errors: rate(now.errors, before.errors),
      evictions: rate(now.evictions, before.evictions),
      keyspaceEvictions: new Map(
        [...now.keyspaceEvictions].map(([name, count]) => [
          name,
          rate(count, before.keyspaceEvictions.get(name) ?? 0),
        ]),
      ),
      p50Ms: times.percentileMicros(50) / 1000,
      p99Ms: times.percentileMicros(99) / 1000,
      p999Ms: times.percentileMicros(99.9) / 1000,
      lagSeconds: this.#lagSeconds(),
      cpuUser: rate(now.cpu.user, before.cpu.user),
      cpuSystem: rate(now.cpu.system, before.cpu.system),
      loopUtilization: loopMs > 0 ? busyMs / loopMs : 0,
      loopDelay: this.#gauges?.takeLoopDelay() ?? NO_DELAY,
    });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  #measure(): Totals {
    const { statistics, node, runtime, keyspaces } = this.#server;
    return {
      atMs: this.#clock.monotonicMs(),
      operations: statistics.commands,
      errors: statistics.errors,
      evictions: node.engine.statistics.evictedRows,
      keyspaceEvictions: new Map(keyspaces.all.map(({ name }) => [name, node.evictedRows(name)])),
      cpu: runtime.host.cpuSeconds(),
      loop: this.#gauges?.loopTimes() ?? NO_LOOP,
    };
  }

  #lagSeconds(): number {
    const { cluster } = this.#server.node;
    if (cluster === undefined) return 0;
    return replicationLags(cluster, this.#clock).reduce((most, { seconds }) => Math.max(most, seconds), 0);
  }
}
