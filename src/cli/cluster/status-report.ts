/** What `kvorum status` prints for people. */
import type { ClusterStatus, MemberStatus, MoveStatus } from "../../server/commands/kv-status.ts";
import type { KeyspaceStatus } from "../../server/keyspace-status.ts";
import { type Column, tableLines } from "../text-table.ts";
import { placeOf } from "./cluster-view.ts";

const COLUMNS: readonly Column[] = [
  { head: "" },
  { head: "node" },
  { head: "address" },
  { head: "machine" },
  { head: "dc" },
  { head: "rack" },
  { head: "weight", isRight: true },
  { head: "state" },
  { head: "slots", isRight: true },
  { head: "share", isRight: true },
  { head: "hints", isRight: true },
];

export function statusReport(status: ClusterStatus): string {
  const members = [...status.members].sort(byPlace);
  const lines = [
    headline(status),
    "",
    ...tableLines(COLUMNS, members.map(rowOf)),
    "",
    ...status.keyspaces.map(keyspaceLine),
    ...(status.move === null ? [] : ["", moveLine(status, status.move)]),
    ...queueLines(status),
    ...remarks(members),
  ];
  return `${lines.join("\n")}\n`;
}

function headline({ clusterId, epoch, members }: ClusterStatus): string {
  if (clusterId === null) return "A node alone: it is not part of a cluster.";
  const up = members.filter((member) => member.up).length;
  const count = members.length === 1 ? "1 member" : `${members.length} members`;
  return `cluster ${clusterId}, epoch ${epoch}: ${count}, ${up === members.length ? "all" : up} up`;
}

function rowOf(member: MemberStatus): readonly string[] {
  const { id, machine, datacenter, rack, weight, slots, share, hintsPending } = member;
  return [
    member.self ? "*" : "",
    id.slice(0, 8),
    placeOf(member),
    ...[machine, datacenter, rack].map((label) => (label === "" ? "-" : label)),
    String(weight),
    stateOf(member),
    String(slots),
    `${(share * 100).toFixed(1)}%`,
    String(hintsPending),
  ];
}

function stateOf({ state, up }: MemberStatus): string {
  const life = up ? "up" : "DOWN";
  return state === "member" ? life : `${state}, ${life}`;
}

function keyspaceLine({ name, copies, read, write, mode }: KeyspaceStatus): string {
  const count = copies === 1 ? "1 copy" : `${copies} copies`;
  return `keyspace ${name}: ${count}, reads ask ${read}, writes wait for ${write}, ${mode}`;
}

/** Also what `kvorum leave` and its like show while they wait. */
export function moveLine(status: ClusterStatus, move: MoveStatus): string {
  const { kind, member, replaced, stage } = move;
  const far = stage === "streaming" ? progressOf(move) : "all slots are there, nearly over";
  if (kind === "copies") return `the number of copies changes: ${far}`;
  const whose = replaced === null ? "" : ` of ${nameIn(status, replaced)}`;
  const what = `${MOVE_WORDS[kind] ?? kind}${whose}`;
  return `${nameIn(status, member)} ${what}: ${far}`;
}

function progressOf({ progress, total, done, bytes, bytesPerSecond }: MoveStatus): string {
  const percent = `${Math.floor(progress * 100)}%`;
  return `${percent}, ${done} of ${total} copies of slots are where they shall be, ${sizeText(bytes)} moved, ${sizeText(bytesPerSecond)}/s`;
}

function nameIn({ members }: ClusterStatus, id: string): string {
  const found = members.find((each) => each.id === id);
  return found === undefined ? id.slice(0, 8) : placeOf(found);
}

/** Newcomers whose turn has not come; and leavers, whose move was set back since another node was lost. */
function queueLines({ members, move }: ClusterStatus): readonly string[] {
  const waiting = members.filter(
    ({ id, state }) => state !== "member" && id !== move?.member && id !== move?.replaced,
  );
  if (waiting.length === 0) return [];
  const line = (member: MemberStatus): string => {
    const whom = member.state === "joining" ? "it" : "those who take its slots over";
    const why = move === null ? `until all who are up see ${whom}` : "for its turn: one move at a time";
    return `${placeOf(member)} is ${member.state}, and waits ${why}.`;
  };
  return ["", ...waiting.map(line)];
}

const MOVE_WORDS: Readonly<Record<string, string>> = {
  join: "is joining",
  leave: "is leaving",
  reweigh: "gets another weight",
  replace: "takes the place",
};

function remarks(members: readonly MemberStatus[]): readonly string[] {
  const down = members.filter(({ up }) => !up);
  if (down.length === 0 && members.every(({ hintsPending }) => hintsPending === 0)) return [];
  const lines = [""];
  if (down.length > 0) {
    lines.push(`${down.map(placeOf).join(", ")} down, as the node marked * sees it.`);
  }
  const hints = members.reduce((sum, { hintsPending }) => sum + hintsPending, 0);
  if (hints > 0) {
    lines.push(`The node marked * keeps ${hints} writes (hints) for others until it can give them to those.`);
  }
  return lines;
}

/** As people count: in thousands. */
function sizeText(bytes: number): string {
  const step = SIZE_STEPS.find(({ least }) => bytes >= least);
  return step === undefined ? `${bytes} B` : `${(bytes / step.least).toFixed(1)} ${step.unit}`;
}

const SIZE_STEPS = [
  { least: 1e9, unit: "GB" },
  { least: 1e6, unit: "MB" },
  { least: 1e3, unit: "kB" },
];

/** As people look for them: what stands together comes together. */
function byPlace(a: MemberStatus, b: MemberStatus): number {
  return (
    a.datacenter.localeCompare(b.datacenter) ||
    a.rack.localeCompare(b.rack) ||
    (a.host ?? "").localeCompare(b.host ?? "") ||
    (a.port ?? 0) - (b.port ?? 0)
  );
}
