/**
 * Who can reach whom, and how well. A transmission takes the link's time; if the way is barred when it arrives
 * (partition, machine without power) it is parked and tried again once the way is free.
 *
 * The model is a packet network as TCP lets programs see it: bytes arrive in order, once, or not at all. So a loss
 * shows as a stall, until what was lost is sent again (200 ms, 400 ms, ...; a connection's first packet after a whole
 * second) and lets pass what came after it; reordering shows as a lesser stall; a duplicate does not show. What
 * nobody acknowledges for 30 seconds breaks the connection at the end that sent it, and there only.
 *
 * Transmissions may overtake one another: what must stay in order has a queue of its own.
 */
import type { Scheduler } from "./scheduler.ts";
import { type Latency, SimLink } from "./sim-link.ts";
import type { SimRandom } from "./sim-random.ts";

/** As long as a segment may go unanswered before its sender gives the connection up. */
const GIVE_UP_MS = 30_000;
const RETRANSMIT_MS = 200;

export interface Transmission {
  readonly link: SimLink;
  /** Only what has a size waits its turn on a slow link. */
  readonly sizeBytes?: number;
  /** After how long it is sent again when lost; twice that after the next loss. */
  readonly retransmitMs?: number;
  readonly arrive: () => void;
  /** False once nobody would send it again. */
  readonly isRetried?: () => boolean;
  /** Called instead, if it cannot arrive for too long. */
  readonly giveUp?: () => void;
}

export class SimLinks {
  /**
   * After a partition, senders try again at their own times, up to as late as it lasted; else all at once, as soon
   * as the way is free.
   */
  backsOff = false;
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #links = new Map<string, SimLink>();
  readonly #groups = new Map<string, string>();
  readonly #groupLatencies = new Map<string, Latency>();
  readonly #withoutPower = new Set<string>();
  /** Since when. */
  readonly #parked = new Map<Transmission, number>();

  constructor(scheduler: Scheduler, random: SimRandom) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** The way from one host to another, or to itself. It has its own pace, decided by the seed, unless it is set. */
  between(from: string, to: string): SimLink {
    const key = arrow(from, to);
    let link = this.#links.get(key);
    if (link === undefined) {
      const baseMs = this.#random.fork(key).between(0.05, 0.5);
      link = new SimLink(from, to, { baseMs, jitterMs: baseMs });
      link.groupLatency = this.#groupLatencyOf(link);
      this.#links.set(key, link);
    }
    return link;
  }

  /** No link loses anything or is slow any more; latencies stay. */
  mendAll(): void {
    for (const link of this.#links.values()) link.mend();
  }

  /** Puts a host into a group: a datacenter, say. */
  place(host: string, group: string): void {
    this.#groups.set(host, group);
    for (const link of this.#links.values()) link.groupLatency = this.#groupLatencyOf(link);
  }

  /** Of all links from a host of the one group to a host of the other, but those that were set by themselves. */
  setGroupLatency(fromGroup: string, toGroup: string, latency: Latency): void {
    this.#groupLatencies.set(arrow(fromGroup, toGroup), latency);
    for (const link of this.#links.values()) link.groupLatency = this.#groupLatencyOf(link);
  }

  bar(from: string, to: string): void {
    this.between(from, to).isBarred = true;
  }

  unbar(from: string, to: string): void {
    this.between(from, to).isBarred = false;
    this.#retry();
  }

  unbarAll(): void {
    for (const link of this.#links.values()) link.isBarred = false;
    this.#retry();
  }

  setPower(host: string, isOn: boolean): void {
    if (isOn) this.#withoutPower.delete(host);
    else this.#withoutPower.add(host);
    this.#retry();
  }

  transmit(transmission: Transmission): void {
    this.#send(transmission, transmission.retransmitMs ?? RETRANSMIT_MS, this.#scheduler.nowMs);
  }

  /** When what has no size would arrive that is sent now; undefined if the way may keep it. */
  arrivalMs(link: SimLink): number | undefined {
    if (link.isLossy || this.#isBarred(link)) return undefined;
    return this.#scheduler.nowMs + link.takesMs(this.#scheduler.nowMs, 0, this.#random);
  }

  plan(atMs: number, fire: () => void): void {
    this.#scheduler.plan(atMs, fire);
  }

  /** Never arrives, however often it is sent. */
  lose({ giveUp }: Pick<Transmission, "giveUp">): void {
    if (giveUp !== undefined) this.#scheduler.plan(this.#scheduler.nowMs + GIVE_UP_MS, giveUp);
  }

  #send(transmission: Transmission, retransmitMs: number, sinceMs: number): void {
    const { link, sizeBytes = 0 } = transmission;
    if (link.loses(this.#random)) {
      this.#scheduler.plan(this.#scheduler.nowMs + retransmitMs, () =>
        this.#sendAgain(transmission, retransmitMs * 2, sinceMs),
      );
      return;
    }
    const takesMs = link.takesMs(this.#scheduler.nowMs, sizeBytes, this.#random);
    this.#scheduler.plan(this.#scheduler.nowMs + takesMs, () => this.#arrive(transmission));
  }

  #sendAgain(transmission: Transmission, retransmitMs: number, sinceMs: number): void {
    if (transmission.isRetried?.() === false) return;
    if (this.#scheduler.nowMs - sinceMs >= GIVE_UP_MS) transmission.giveUp?.();
    else this.#send(transmission, retransmitMs, sinceMs);
  }

  #arrive(transmission: Transmission): void {
    const { link, giveUp } = transmission;
    if (!this.#isBarred(link)) {
      transmission.arrive();
      return;
    }
    this.#parked.set(transmission, this.#scheduler.nowMs);
    if (giveUp === undefined) return;
    this.#scheduler.plan(this.#scheduler.nowMs + GIVE_UP_MS, () => {
      if (this.#parked.delete(transmission)) giveUp();
    });
  }

  #retry(): void {
    for (const [transmission, sinceMs] of [...this.#parked]) {
      if (this.#isBarred(transmission.link)) continue;
      this.#parked.delete(transmission);
      const again = (): void => {
        if (transmission.isRetried?.() !== false) this.transmit(transmission);
      };
      if (this.backsOff)
        this.#scheduler.after(this.#random.between(0, this.#scheduler.nowMs - sinceMs), again);
      else again();
    }
  }

  #isBarred(link: SimLink): boolean {
    return link.isBarred || this.#withoutPower.has(link.to);
  }

  #groupLatencyOf({ from, to }: SimLink): Latency | undefined {
    const [fromGroup, toGroup] = [this.#groups.get(from), this.#groups.get(to)];
    if (fromGroup === undefined || toGroup === undefined) return undefined;
    return this.#groupLatencies.get(arrow(fromGroup, toGroup));
  }
}

function arrow(from: string, to: string): string {
  return `${from} -> ${to}`;
}
