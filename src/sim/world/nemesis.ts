/**
 * Whoever wants the cluster to break its promises: composes faults from the seed, several at once, and ends them all
 * when told to. It keeps to its bounds, which say what the promises bear: see `boundsFor`.
 */
import type { SimRandom } from "../sim-random.ts";
import { beginFault, FAULT_KINDS, type FaultKind, type FaultSite } from "./fault-kinds.ts";
import { isMoveKind, MOVE_KINDS, type MoveFaultKind } from "./move-faults.ts";
import type { SimCluster } from "./sim-cluster.ts";

export interface NemesisBounds {
  /** How often each befalls, to the others; one that is not named never does. */
  readonly kinds: Readonly<Partial<Record<FaultKind, number>>>;
  /** Between the beginnings of two faults, on average. */
  readonly everyMs: number;
  /** Nodes that do not run, or stand still, at a time. */
  readonly stoppedMax: number;
  /** What a process has acknowledged it has written: a kill is not as bad as a crash. */
  readonly killsLoseNothing: boolean;
  /** So long after a crash there is no other: what was acknowledged is synced meanwhile. */
  readonly crashPauseMs: number;
  readonly crashesMax: number;
  /** Moves of slots in all; and nobody leaves if there are no more nodes than this. */
  readonly movesMax: number;
  readonly nodesMin: number;
  /** Disks of rows that go, and tables that rot. */
  readonly wipesMax: number;
  readonly keyspacesInMemory?: boolean;
}

export interface NemesisParts {
  readonly cluster: SimCluster;
  readonly random: SimRandom;
  readonly bounds: NemesisBounds;
  readonly bystanders: readonly string[];
  /** Told of every fault, in words. */
  readonly onFault: (what: string) => void;
}

const RETRY_MS = 500;
const STOPS: ReadonlySet<FaultKind> = new Set(["kill", "crash", "pause", "wipe", "new address"]);

export class Nemesis {
  readonly #parts: NemesisParts;
  readonly #site: FaultSite;
  readonly #choices: readonly FaultKind[];
  readonly #ends = new Set<() => void>();
  readonly #counts = new Map<FaultKind, number>();
  /** Until when each node is down or stands still. */
  readonly #stoppedUntilMs = new Map<string, number>();
  #lastCrashMs = Number.NEGATIVE_INFINITY;
  #crashes = 0;
  #wipes = 0;
  #isOver = false;

  constructor(parts: NemesisParts) {
    const { bounds, cluster, random, bystanders } = parts;
    this.#parts = parts;
    this.#choices = FAULT_KINDS.flatMap((kind) =>
      Array.from({ length: bounds.kinds[kind] ?? 0 }, () => kind),
    );
    const restartLater: FaultSite["restartLater"] = (...how) => this.#restartLater(...how);
    const { keyspacesInMemory = false } = bounds;
    this.#site = { cluster, random, bystanders, restartLater, keyspacesInMemory };
    if (this.#choices.length > 0) this.#plan();
  }

  /** How many of each kind so far. */
  get counts(): ReadonlyMap<FaultKind, number> {
    return this.#counts;
  }

  /** Ends all faults, and starts none any more. Nodes that are down are started. */
  stop(): void {
    const { world, names } = this.#parts.cluster;
    this.#isOver = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
    world.heal();
    world.mendLinks();
    for (const name of names) {
      world.mendDisk(name);
      world.setClockDrift(name, 0);
      world.setClockSkew(name, 0);
      this.#restartLater(name, 0);
    }
  }

  #plan(): void {
    const { random, bounds, cluster } = this.#parts;
    cluster.world.scheduler.after(random.between(0, 2 * bounds.everyMs), () => {
      if (this.#isOver) return;
      this.#strike();
      this.#plan();
    });
  }

  #strike(): void {
    const { random, cluster, onFault } = this.#parts;
    const { scheduler } = cluster.world;
    const kind = this.#choices[random.below(this.#choices.length)]!;
    const victim = cluster.names[random.below(cluster.names.length)]!;
    if (!this.#mayStrike(kind, victim)) return;
    const { what, lastsMs, end } = beginFault(kind, victim, this.#site);
    this.#count(kind, victim, lastsMs);
    onFault(`${what} for ${lastsMs} ms`);
    if (end === undefined) return;
    this.#ends.add(end);
    scheduler.after(lastsMs, () => {
      if (this.#ends.delete(end)) end();
    });
  }

  #mayStrike(kind: FaultKind, victim: string): boolean {
    if (isMoveKind(kind)) return this.#mayMove(kind, victim);
    const { bounds, cluster } = this.#parts;
    const { nowMs } = cluster.world;
    if (kind === "bit rot") return this.#wipes < bounds.wipesMax && this.#isAfterCrash(nowMs);
    if (!STOPS.has(kind)) return true;
    const stopped = [...this.#stoppedUntilMs].filter(([, untilMs]) => untilMs > nowMs).map(([name]) => name);
    if (stopped.includes(victim) || stopped.length >= bounds.stoppedMax) return false;
    if (kind === "pause") return true;
    if (cluster.phaseOf(victim) === "off") return false;
    if (isKill(kind) && bounds.killsLoseNothing) return true;
    if (kind === "wipe") return this.#wipes < bounds.wipesMax && this.#isAfterCrash(nowMs);
    return this.#mayCrash();
  }

  #mayCrash(): boolean {
    const { bounds, cluster } = this.#parts;
    return this.#crashes < bounds.crashesMax && this.#isAfterCrash(cluster.world.nowMs);
  }

  #isAfterCrash(nowMs: number): boolean {
    return nowMs - this.#lastCrashMs >= this.#parts.bounds.crashPauseMs;
  }

  /**
   * One disk is lost for good, at most: the next could have the last copy of what is on its way from the other owners. And none whose
   * voice is needed for the plan ever to change again: then nobody could take its place (ADR 6).
   */
  #mayMove(kind: MoveFaultKind, victim: string): boolean {
    const { bounds, cluster } = this.#parts;
    const count = (each: MoveFaultKind): number => this.#counts.get(each) ?? 0;
    if (MOVE_KINDS.reduce((sum, each) => sum + count(each), 0) >= bounds.movesMax) return false;
    if (kind === "join") return true;
    if (!cluster.isMember(victim)) return false;
    if (kind === "leave") return cluster.isUp(victim) && cluster.names.length > bounds.nodesMin;
    if (kind === "reweigh") return true;
    return count("replace") === 0 && this.#mayCrash() && cluster.canDoWithout(victim);
  }

  #count(kind: FaultKind, victim: string, lastsMs: number): void {
    const { nowMs } = this.#parts.cluster.world;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (STOPS.has(kind)) this.#stoppedUntilMs.set(victim, nowMs + lastsMs);
    if (kind === "wipe" || kind === "bit rot") this.#wipes++;
    else if (!isLoss(kind) && (!isKill(kind) || this.#parts.bounds.killsLoseNothing)) return;
    this.#crashes++;
    this.#lastCrashMs = nowMs;
  }

  /** Again and again, if it does not succeed: as a supervisor would. */
  #restartLater(name: string, afterMs: number, peerPort?: number): void {
    const { cluster } = this.#parts;
    cluster.world.scheduler.after(afterMs, () => {
      const phase = cluster.phaseOf(name);
      if (phase === "off" || phase === "failed")
        cluster.start(name, peerPort === undefined ? {} : { peerPort });
      cluster.world.scheduler.after(RETRY_MS, () => {
        if (cluster.phaseOf(name) === "failed") this.#restartLater(name, RETRY_MS);
      });
    });
  }
}

function isKill(kind: FaultKind): boolean {
  return kind === "kill" || kind === "new address";
}

function isLoss(kind: FaultKind): boolean {
  return kind === "crash" || kind === "replace";
}
