/**
 * Who can reach whom, and how fast. A transmission takes the link's latency; if the way is barred when it
 * arrives (partition, machine without power) it is parked and tried again once the way is free, as TCP
 * retransmits. Transmissions may overtake one another: what must stay in order has a queue of its own.
 */
import type { Scheduler } from "./scheduler.ts";
import type { SimRandom } from "./sim-random.ts";

/** As long as a segment may go unanswered before its sender gives the connection up. */
const GIVE_UP_MS = 30_000;

export interface Latency {
  readonly baseMs: number;
  /** Up to so much more, drawn for each transmission. */
  readonly jitterMs: number;
}

export interface Transmission {
  readonly from: string;
  readonly to: string;
  readonly arrive: () => void;
  /** False once nobody would send it again. */
  readonly isRetried?: () => boolean;
  /** Called instead, if the way stays barred too long. */
  readonly giveUp?: () => void;
}

export class SimLinks {
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #latencies = new Map<string, Latency>();
  readonly #barred = new Set<string>();
  readonly #withoutPower = new Set<string>();
  readonly #parked = new Set<Transmission>();

  constructor(scheduler: Scheduler, random: SimRandom) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  setLatency(from: string, to: string, latency: Latency): void {
    this.#latencies.set(arrow(from, to), latency);
  }

  isBarred(from: string, to: string): boolean {
    return this.#withoutPower.has(to) || this.#barred.has(arrow(from, to));
  }

  bar(from: string, to: string): void {
    this.#barred.add(arrow(from, to));
  }

  unbar(from: string, to: string): void {
    this.#barred.delete(arrow(from, to));
    this.#retry();
  }

  unbarAll(): void {
    this.#barred.clear();
    this.#retry();
  }

  setPower(host: string, isOn: boolean): void {
    if (isOn) this.#withoutPower.delete(host);
    else this.#withoutPower.add(host);
    this.#retry();
  }

  transmit(transmission: Transmission): void {
    const { baseMs, jitterMs } = this.#latencyOf(transmission.from, transmission.to);
    const takesMs = baseMs + this.#random.between(0, jitterMs);
    this.#scheduler.after(takesMs, () => this.#arrive(transmission));
  }

  #arrive(transmission: Transmission): void {
    if (!this.isBarred(transmission.from, transmission.to)) {
      transmission.arrive();
      return;
    }
    this.#parked.add(transmission);
    if (transmission.giveUp === undefined) return;
    this.#scheduler.after(GIVE_UP_MS, () => {
      if (this.#parked.delete(transmission)) transmission.giveUp?.();
    });
  }

  #retry(): void {
    for (const transmission of [...this.#parked]) {
      if (this.isBarred(transmission.from, transmission.to)) continue;
      this.#parked.delete(transmission);
      if (transmission.isRetried?.() !== false) this.transmit(transmission);
    }
  }

  /** A link has its own pace, decided by the seed, unless it was set. */
  #latencyOf(from: string, to: string): Latency {
    const key = arrow(from, to);
    const known = this.#latencies.get(key);
    if (known !== undefined) return known;
    const baseMs = this.#random.fork(key).between(0.05, 0.5);
    const latency = { baseMs, jitterMs: baseMs };
    this.#latencies.set(key, latency);
    return latency;
  }
}

function arrow(from: string, to: string): string {
  return `${from} -> ${to}`;
}
