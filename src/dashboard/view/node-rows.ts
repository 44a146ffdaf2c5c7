/** The table of nodes: what each cell says. */
import type { Member, SummaryAnswer } from "../api/answers.ts";
import type { NodeName, NodeNames } from "./node-names.ts";
import { bytesText, countText, durationText, percentText, rateText } from "./number-text.ts";

/** As nodes judge each other (failure-detector.ts). */
const PHI_SUSPECT = 5;
const PHI_DOWN = 8;

export interface NodeRow {
  readonly name: NodeName;
  readonly isSelf: boolean;
  readonly address: string;
  /** Datacenter, rack, weight, as far as they tell nodes apart. */
  readonly place: string;
  readonly state: { readonly text: string; readonly level: "ok" | "warn" | "bad" };
  /** Undefined of the node itself, which does not watch itself. */
  readonly phi:
    | { readonly text: string; readonly part: number; readonly level: "ok" | "warn" | "bad" }
    | undefined;
  readonly lag: string;
  readonly hints: string;
  readonly operations: string;
  readonly memory: string;
  readonly disk: string;
  readonly share: string;
}

export function nodeRows(
  members: readonly Member[],
  names: NodeNames,
  summary: SummaryAnswer | undefined,
): readonly NodeRow[] {
  const byId = new Map(members.map((member) => [member.id, member]));
  return names.all.flatMap((name) => {
    const member = byId.get(name.id);
    return member === undefined ? [] : [rowOf(member, name, summary)];
  });
}

function rowOf(member: Member, name: NodeName, summary: SummaryAnswer | undefined): NodeRow {
  const { id, host, port, load, hintsPending, share, self } = member;
  const lag = summary?.replicationLagSeconds[id];
  return {
    name,
    isSelf: self,
    address: host === null || port === null ? "not yet known" : `${host}:${port}`,
    place: placeOf(member),
    state: stateOf(member),
    phi: self || !Number.isFinite(member.phi ?? Number.NaN) ? undefined : phiOf(member.phi!),
    lag: self ? "–" : durationText(lag),
    hints: self ? "–" : countText(hintsPending),
    operations: rateText(load?.opsPerSecond),
    memory: bytesText(load?.usedMemory),
    disk: bytesText(load?.diskBytes),
    share: percentText(share),
  };
}

function placeOf({ datacenter, rack, weight }: Member): string {
  const parts = [datacenter, rack].filter((part) => part !== "");
  if (weight !== 1) parts.push(`weight ${weight}`);
  return parts.join(" · ");
}

function stateOf({ state, up, suspect }: Member): NodeRow["state"] {
  if (!up) return { text: state === "member" ? "down" : `${state}, down`, level: "bad" };
  if (suspect === true) return { text: "suspect", level: "warn" };
  return state === "member" ? { text: "up", level: "ok" } : { text: state, level: "warn" };
}

function phiOf(phi: number): NodeRow["phi"] {
  const level = phi >= PHI_DOWN ? "bad" : phi >= PHI_SUSPECT ? "warn" : "ok";
  const text = phi >= 100 ? "> 99" : phi.toFixed(1);
  return { text, part: Math.min(1, phi / PHI_DOWN), level };
}
