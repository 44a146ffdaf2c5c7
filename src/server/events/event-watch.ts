/**
 * Tells what has happened from how things were and how they are. Pure: it is shown pictures of the cluster, some a second.
 * What comes and goes between two of them is not told of.
 */
import type { Happening } from "./event-log.ts";

export interface PicturedMember {
  readonly id: string;
  readonly name: string;
  readonly isUp: boolean;
  readonly isSuspect: boolean;
  /** Writes that this node keeps for it. */
  readonly hintsPending: number;
}

export interface Picture {
  readonly epoch: number;
  readonly members: readonly PicturedMember[];
  /** The move under way. */
  readonly move: { readonly kind: string; readonly name: string; readonly stage: string } | undefined;
  /** Rows that exchanges have brought to this node, or to others, since the start. */
  readonly mendedRows: number;
  readonly evictedRows: number;
  /** Requests refused for want of room, since the start. */
  readonly overloads: number;
  /** Why the disk takes no writes; undefined while it does. */
  readonly diskRefusal: string | undefined;
}

/** So many rows evicted in a second are a storm; it is over when there were none so long. */
export const STORM_ROWS_PER_SECOND = 1_000;
const CALM_MS = 10_000;
/** What goes on for long is told of once in such a time. */
const TELL_EVERY_MS = 10_000;

type Tell = (happening: Happening) => void;

export class EventWatch {
  readonly #tell: Tell;
  #last: Picture | undefined;
  #lastMs = 0;
  #mending = new Tally();
  #overload = new Tally();
  #stormMs: number | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  look(picture: Picture, nowMs: number): void {
    const last = this.#last;
    const elapsedMs = nowMs - this.#lastMs;
    this.#last = picture;
    this.#lastMs = nowMs;
    if (last === undefined) return;
    this.#lookAtMembers(last, picture);
    this.#lookAtPlan(last, picture);
    this.#lookAtDisk(last, picture);
    this.#lookAtEvictions(picture.evictedRows - last.evictedRows, elapsedMs, nowMs);
    const mended = this.#mending.add(picture.mendedRows - last.mendedRows, nowMs);
    if (mended > 0)
      this.#tell({ kind: "repair", level: "ok", text: `Exchanges have mended ${counted(mended, "row")}.` });
    const refused = this.#overload.add(picture.overloads - last.overloads, nowMs);
    if (refused > 0) {
      const text = `${counted(refused, "request")} had to be refused: too many were under way.`;
      this.#tell({ kind: "overload", level: "warn", text });
    }
  }

  #lookAtMembers(last: Picture, { members }: Picture): void {
    const before = new Map(last.members.map((member) => [member.id, member]));
    for (const member of members) {
      const was = before.get(member.id);
      if (was !== undefined) this.#lookAtMember(was, member);
    }
  }

  #lookAtMember(was: PicturedMember, { id, name, isUp, isSuspect, hintsPending }: PicturedMember): void {
    const tell = (kind: Happening["kind"], level: Happening["level"], text: string): void =>
      this.#tell({ kind, level, text, node: id });
    if (was.isUp && !isUp) tell("node-down", "warn", `${name} is down.`);
    if (!was.isUp && isUp) tell("node-up", "ok", `${name} is up.`);
    if (!was.isSuspect && isSuspect && isUp) tell("node-suspect", "warn", `${name} has not been heard of.`);
    if (was.hintsPending === 0 && hintsPending > 0)
      tell("hints", "warn", `This node keeps what ${name} misses.`);
    if (was.hintsPending > 0 && hintsPending === 0)
      tell("hints", "ok", `${name} has been given all that it had missed here.`);
  }

  #lookAtPlan(last: Picture, { epoch, move, members }: Picture): void {
    if (epoch !== last.epoch) {
      const text = `The cluster has a new plan, epoch ${epoch}: ${counted(members.length, "member")}.`;
      this.#tell({ kind: "topology", level: "ok", text });
    }
    if (move === undefined && last.move !== undefined) {
      this.#tell({ kind: "move", level: "ok", text: `The move of slots for ${last.move.name} is over.` });
    }
    if (move !== undefined && (move.stage !== last.move?.stage || move.name !== last.move.name)) {
      const text = `Slots are on their way (${move.kind} of ${move.name}): ${move.stage}.`;
      this.#tell({ kind: "move", level: "ok", text });
    }
  }

  #lookAtDisk(last: Picture, { diskRefusal }: Picture): void {
    if (diskRefusal !== undefined && last.diskRefusal === undefined)
      this.#tell({ kind: "disk", level: "bad", text: `The disk takes no writes: ${diskRefusal}.` });
    if (diskRefusal === undefined && last.diskRefusal !== undefined)
      this.#tell({ kind: "disk", level: "ok", text: "The disk takes writes again." });
  }

  #lookAtEvictions(rows: number, elapsedMs: number, nowMs: number): void {
    const isStorm = rows * 1000 >= STORM_ROWS_PER_SECOND * elapsedMs && rows > 0;
    if (isStorm && this.#stormMs === undefined) {
      const perSecond = Math.round((rows * 1000) / elapsedMs);
      const text = `Memory is full: about ${counted(perSecond, "key")} a second are evicted.`;
      this.#tell({ kind: "eviction-storm", level: "warn", text });
    }
    if (isStorm) this.#stormMs = nowMs;
    if (this.#stormMs === undefined || nowMs - this.#stormMs < CALM_MS) return;
    this.#stormMs = undefined;
    this.#tell({ kind: "eviction-storm", level: "ok", text: "Few keys are evicted now." });
  }
}

/** Adds up what goes on, to be told of at once and then from time to time. */
class Tally {
  #untold = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** What there is to tell of now. */
  add(count: number, nowMs: number): number {
    this.#untold += Math.max(0, count); // what counts may have been set back
    if (this.#untold === 0 || nowMs - this.#toldMs < TELL_EVERY_MS) return 0;
    const told = this.#untold;
    this.#untold = 0;
    this.#toldMs = nowMs;
    return told;
  }
}

export function counted(count: number, word: string): string {
  // Not toLocaleString: its tables take long to load, and the first plan that changes would wait for them.
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ",")} ${word}${count === 1 ? "" : "s"}`;
}
