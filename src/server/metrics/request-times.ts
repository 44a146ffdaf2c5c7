/**
 * How long requests took, per family of commands and per phase: since the start, and lately. What is recorded is recorded
 * where it happens; this looks at it once a second.
 */
import { LatencyHistogram } from "../../base/latency-histogram.ts";
import type { Server } from "../server.ts";
import { COMMAND_FAMILIES, type CommandFamily, familyOf } from "./command-family.ts";

/** `local`: this node's own work. `quorum`: waiting for other replicas. `disk`: waiting for this node's disk. */
export const PHASES = ["local", "quorum", "disk"] as const;
export type Phase = (typeof PHASES)[number];

export type Series = CommandFamily | Phase | "all";
const SERIES: readonly Series[] = [...COMMAND_FAMILIES, ...PHASES, "all"];

export const WINDOW_SECONDS = 10;

export class RequestTimes {
  readonly #server: Server;
  /** One more than there are seconds in the window, the latest last. */
  readonly #looks: ReadonlyMap<Series, LatencyHistogram>[] = [];
  #now: ReadonlyMap<Series, LatencyHistogram>;

  constructor(server: Server) {
    this.#server = server;
    this.#now = currentTimes(server);
    this.#looks.push(this.#now);
  }

  /** Needs to be called once a second. */
  look(): void {
    this.#now = currentTimes(this.#server);
    this.#looks.push(this.#now);
    if (this.#looks.length > WINDOW_SECONDS + 1) this.#looks.shift();
  }

  /** Since the start, up to the last look. */
  all(series: Series): LatencyHistogram {
    return this.#now.get(series)!;
  }

  /** In the last so many seconds, up to the last look. */
  recent(series: Series, seconds = WINDOW_SECONDS): LatencyHistogram {
    const before = this.#looks[Math.max(0, this.#looks.length - 1 - seconds)]!;
    const times = new LatencyHistogram();
    times.add(this.all(series));
    times.subtract(before.get(series)!);
    return times;
  }
}

function currentTimes({ commands, turn, outbox, node }: Server): ReadonlyMap<Series, LatencyHistogram> {
  const times = new Map(SERIES.map((series) => [series, new LatencyHistogram()]));
  for (const { command, latency } of commands.entries()) {
    if (latency.count === 0) continue;
    times.get(familyOf(command))!.add(latency);
    times.get("all")!.add(latency);
  }
  times.get("local")!.add(turn.local);
  const quorum = node.cluster?.coordinator.tallies.quorumTimes;
  if (quorum !== undefined) times.get("quorum")!.add(quorum);
  times.get("disk")!.add(outbox.waitTimes);
  if (node.cluster !== undefined) times.get("disk")!.add(node.cluster.diskWaits.times);
  const { disk } = node;
  if (disk !== undefined) times.get("disk")!.add(disk.engine.plain.readTimes);
  return times;
}
