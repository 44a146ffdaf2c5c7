/**
 * Who seems to be up, suspect or down, by this node's own lights. It steers routing and hints, and removes nobody.
 *
 * Silence is only counted while this node itself was listening: if its own ticks come late, it was paused (a long garbage
 * collection, a suspended machine), and nobody else is to blame. Time lost so is taken out of everybody's silence.
 */
import type { NodeId } from "../ring/ring-member.ts";
import { DEFAULT_PHI_SETTINGS, PhiAccrual, type PhiSettings } from "./phi-accrual.ts";

export type Verdict = "up" | "suspect" | "down";

export interface VerdictEvent {
  readonly kind: Verdict;
  readonly id: NodeId;
}

export interface DetectorSettings {
  readonly suspectPhi: number;
  readonly downPhi: number;
  /** Between ticks; one that comes later than twice that tells of a pause. */
  readonly tickMs: number;
  readonly phi: PhiSettings;
}

export const DEFAULT_DETECTOR_SETTINGS: DetectorSettings = {
  suspectPhi: 5,
  downPhi: 8,
  tickMs: 1_000,
  phi: DEFAULT_PHI_SETTINGS,
};

interface Watched {
  readonly accrual: PhiAccrual;
  verdict: Verdict;
}

export class FailureDetector {
  readonly #settings: DetectorSettings;
  readonly #watched = new Map<NodeId, Watched>();
  #lastTickMs: number | undefined;
  #pausedMs = 0;
  #timeMs = Number.NEGATIVE_INFINITY;

  constructor(settings = DEFAULT_DETECTOR_SETTINGS) {
    this.#settings = settings;
  }

  /** Of a node never heard of: down. */
  verdictOf(id: NodeId): Verdict {
    return this.#watched.get(id)?.verdict ?? "down";
  }

  phiOf(id: NodeId, nowMs: number): number | undefined {
    return this.#watched.get(id)?.accrual.phi(this.#timeAt(nowMs));
  }

  /** A sign of life that is newer than all before. */
  onHeartbeat(id: NodeId, nowMs: number): readonly VerdictEvent[] {
    const watched = this.#watched.get(id);
    const heardMs = this.#timeAt(nowMs);
    if (watched === undefined) {
      this.#watched.set(id, { accrual: new PhiAccrual(heardMs, this.#settings.phi), verdict: "up" });
      return [{ kind: "up", id }];
    }
    watched.accrual.onHeartbeat(heardMs);
    return change(id, watched, "up");
  }

  tick(nowMs: number): readonly VerdictEvent[] {
    const { tickMs, suspectPhi, downPhi } = this.#settings;
    const pausedMs = this.#excessMs(nowMs);
    if (pausedMs > tickMs) this.#pausedMs += pausedMs;
    this.#lastTickMs = nowMs;
    const events: VerdictEvent[] = [];
    for (const [id, watched] of this.#watched) {
      const phi = watched.accrual.phi(this.#timeAt(nowMs));
      // Only a heartbeat ends a suspicion: no patience of ours does.
      if (phi >= downPhi) events.push(...change(id, watched, "down"));
      else if (phi >= suspectPhi && watched.verdict === "up") events.push(...change(id, watched, "suspect"));
    }
    return events;
  }

  forget(id: NodeId): void {
    this.#watched.delete(id);
  }

  /** By how much the tick that is due is late. */
  #excessMs(nowMs: number): number {
    return this.#lastTickMs === undefined ? 0 : Math.max(0, nowMs - this.#lastTickMs - this.#settings.tickMs);
  }

  /**
   * Time without pauses; of one that no tick has told of yet, what is sure. It stands still where a tick turns out to be so
   * late that it is a pause, and never goes back.
   */
  #timeAt(nowMs: number): number {
    const lateMs = this.#excessMs(nowMs);
    const timeMs = nowMs - this.#pausedMs - (lateMs > this.#settings.tickMs ? lateMs : 0);
    this.#timeMs = Math.max(this.#timeMs, timeMs);
    return this.#timeMs;
  }
}

function change(id: NodeId, watched: Watched, verdict: Verdict): readonly VerdictEvent[] {
  if (watched.verdict === verdict) return [];
  watched.verdict = verdict;
  return [{ kind: verdict, id }];
}
