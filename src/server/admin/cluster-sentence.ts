/**
 * How the cluster is, in one sentence for people, and a colour. Pure: from what this node sees.
 *
 *   All 3 nodes are up; every key has its 3 copies.
 *   node-2 is down: every key still has 2 of its 3 copies; reads and writes go on; 1,204 hints wait for it.
 */
import type { CopyTally } from "../cluster/copy-tally.ts";
import { counted } from "../events/event-watch.ts";

export type Level = "ok" | "warn" | "bad";

export interface SeenMember {
  readonly name: string;
  readonly isUp: boolean;
  readonly hintsPending: number;
}

export interface SeenCluster {
  readonly members: readonly SeenMember[];
  readonly tally: CopyTally;
  /** Slots on their way; `part` is 0 to 1. */
  readonly move: { readonly kind: string; readonly name: string; readonly part: number } | undefined;
  /** Why this node's disk takes no writes; undefined if it does. */
  readonly diskRefusal: string | undefined;
}

export interface Verdict {
  readonly sentence: string;
  readonly level: Level;
}

export function clusterVerdict(seen: SeenCluster): Verdict {
  const { members, tally, diskRefusal, move } = seen;
  const down = members.filter(({ isUp }) => !isUp);
  const clauses = down.length === 0 ? [upClause(seen)] : downClauses(seen, down);
  if (move !== undefined) clauses.push(`slots are on their way (${moveText(move)}, ${percent(move.part)})`);
  if (diskRefusal !== undefined) clauses.unshift(`This node's disk takes no writes (${diskRefusal})`);
  const isBad = tally.slotsWithoutQuorum > 0 || diskRefusal !== undefined;
  const isWorse = down.length > 0 || tally.copies < tally.copiesWished;
  return { sentence: asSentence(clauses), level: isBad ? "bad" : isWorse ? "warn" : "ok" };
}

/** A change of copies is no one member's. */
export function moveText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return kind === "copies" ? "the number of copies changes" : `${kind} of ${name}`;
}

function upClause({ members, tally }: SeenCluster): string {
  const { copies, copiesWished } = tally;
  const who = members.length === 1 ? "One node is up" : `All ${members.length} nodes are up`;
  const rows = copies === 1 ? "every key has one copy" : `every key has its ${copies} copies`;
  const wish = `every key has ${copies} of the ${copiesWished} copies wished for: that takes more machines`;
  return `${who}; ${members.length > 1 && copies < copiesWished ? wish : rows}`;
}

function downClauses({ tally }: SeenCluster, down: readonly SeenMember[]): string[] {
  const are = down.length === 1 ? "is" : "are";
  const clauses = [`${listed(down.map(({ name }) => name))} ${are} down: ${copiesClause(tally)}`];
  clauses.push(availability(tally));
  const hints = down.reduce((sum, { hintsPending }) => sum + hintsPending, 0);
  if (hints > 0) {
    const them = down.length === 1 ? "it" : "them";
    clauses.push(`${counted(hints, "hint")} ${hints === 1 ? "waits" : "wait"} for ${them}`);
  }
  return clauses;
}

function copiesClause({ copies, slots, slotsShort, fewestUp }: CopyTally): string {
  if (slotsShort === 0) return `every key still has its ${copies} copies`;
  const keys = slotsShort === slots ? "every key" : `${percent(slotsShort / slots)} of the keys`;
  const has = slotsShort === slots ? "has" : "have";
  if (fewestUp === 0) return `of ${keys} not all copies can be reached, and of some none`;
  return `${keys} ${slotsShort === slots ? "still " : ""}${has} ${fewestUp} of ${slotsShort === slots ? "its" : "their"} ${copies} copies`;
}

function availability({ slots, slotsWithoutQuorum }: CopyTally): string {
  if (slotsWithoutQuorum === 0) return "reads and writes go on";
  if (slotsWithoutQuorum === slots) return "no quorum can be reached, so reads and writes at quorum fail";
  return `reads and writes at quorum fail for ${percent(slotsWithoutQuorum / slots)} of the keys`;
}

function asSentence(clauses: readonly string[]): string {
  return `${clauses.join("; ")}.`;
}

/** A part of something is never shown as nothing, nor as all of it. */
function percent(part: number): string {
  const whole = Math.round(part * 100);
  return `${part >= 1 ? 100 : Math.min(99, part > 0 ? Math.max(1, whole) : 0)}%`;
}

function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} others`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
