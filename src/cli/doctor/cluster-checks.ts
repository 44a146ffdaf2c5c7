/** What the nodes of a cluster say of each other, judged. Pure. */
import type { ClusterStatus } from "../../server/commands/kv-status.ts";
import { placeOf } from "../cluster/cluster-view.ts";
import type { ClusterReading, NodeReading } from "../nodes/node-reading.ts";
import { type Finding, fine, trouble } from "./finding.ts";

/** A stamp so far ahead is refused: see MAX_AHEAD_MS of the hybrid clock. */
const CLOCK_MS_BAD = 400;
const CLOCK_MS_WARN = 100;

/** What each node that has answered sees, by its id. */
export type Views = ReadonlyMap<string, ClusterStatus>;

export function checkCluster(reading: ClusterReading, views: Views): readonly Finding[] {
  const { status, nodes } = reading;
  if (status.clusterId === null) {
    const text = "the node is alone: there is one copy of everything";
    return [trouble("warn", null, text, "three nodes keep three copies: docs/cluster.md")];
  }
  return [
    ...verdicts(status, views),
    ...plans(status, views),
    ...copies(status),
    ...clocks(nodes),
    ...versions(nodes),
    ...hints(views),
  ];
}

/** Who does not see whom. */
function verdicts({ members }: ClusterStatus, views: Views): readonly Finding[] {
  const places = new Map(members.map((member) => [member.id, placeOf(member)]));
  const blind = [...views].flatMap(([id, view]) =>
    view.members
      .filter((member) => !member.up && !member.self && views.has(member.id))
      .map((member) => `${places.get(id)} does not see ${placeOf(member)}, which is there`),
  );
  if (blind.length === 0)
    return [fine(`${views.size} of ${members.length} nodes answer, and see each other`)];
  const remedy = "let them reach each other's --peer-port: firewalls, --peer-host, the same --secret-file";
  return blind.map((text) => trouble("bad", null, text, remedy));
}

function plans({ clusterId, epoch }: ClusterStatus, views: Views): readonly Finding[] {
  const findings: Finding[] = [];
  const strangers = [...views.values()].filter((view) => view.clusterId !== clusterId);
  if (strangers.length > 0) {
    const text = `not all are of cluster ${clusterId}`;
    findings.push(trouble("bad", null, text, "somebody has founded another one: see --join of those"));
  }
  const epochs = [...new Set([...views.values()].map((view) => view.epoch))];
  if (epochs.length > 1) {
    const text = `nodes go by plans of different epochs: ${epochs.sort((a, b) => a - b).join(", ")}`;
    findings.push(
      trouble("warn", null, text, "ask again in some seconds; if it stays so, they do not reach each other"),
    );
  } else findings.push(fine(`all go by the plan of epoch ${epoch}`));
  return findings;
}

function copies({ members, keyspaces }: ClusterStatus): readonly Finding[] {
  const machines = new Set(members.map(({ machine }) => machine)).size;
  return keyspaces.flatMap(({ name, copies: wished }) => {
    if (wished <= machines) return [];
    const text = `keyspace ${name} is to have ${wished} copies, and there are ${machines} machines`;
    return [
      trouble("warn", null, text, "add nodes on other machines; on one machine, a copy more is no safer"),
    ];
  });
}

/** As far as the time that answers take lets one tell. */
function clocks(nodes: readonly NodeReading[]): readonly Finding[] {
  const told = nodes.flatMap(({ member, clockAheadMs, answerMs }) =>
    clockAheadMs === undefined
      ? []
      : [{ place: placeOf(member), aheadMs: clockAheadMs, doubtMs: answerMs / 2 }],
  );
  if (told.length < 2) return [];
  const first = told.reduce((a, b) => (a.aheadMs < b.aheadMs ? a : b));
  const last = told.reduce((a, b) => (a.aheadMs > b.aheadMs ? a : b));
  const apartMs = last.aheadMs - first.aheadMs;
  const surelyMs = apartMs - first.doubtMs - last.doubtMs;
  if (surelyMs < CLOCK_MS_WARN) {
    const doubt = Math.ceil(Math.max(0, apartMs) + first.doubtMs + last.doubtMs);
    return [fine(`clocks are within ${doubt} ms of each other`)];
  }
  const text = `the clock of ${last.place} is ${Math.round(apartMs)} ms ahead of that of ${first.place}`;
  const remedy =
    "run chrony or another NTP client everywhere: of two writes at once the later one is shown, and stamps half a second ahead are refused";
  return [trouble(surelyMs < CLOCK_MS_BAD ? "warn" : "bad", last.place, text, remedy)];
}

function versions(nodes: readonly NodeReading[]): readonly Finding[] {
  const found = new Set(nodes.flatMap(({ fields }) => fields.get("kvorum_version") ?? []));
  if (found.size <= 1) return [];
  const text = `nodes run different versions: ${[...found].sort().join(", ")}`;
  return [trouble("warn", null, text, "fine while you upgrade them one by one; do not stop in the middle")];
}

/** Those that wait though their node is up: it takes some seconds. */
function hints(views: Views): readonly Finding[] {
  let waiting = 0;
  for (const { members } of views.values())
    for (const { up, hintsPending } of members) if (up) waiting += hintsPending;
  if (waiting === 0) return [];
  const text = `${waiting} hints are on their way to nodes that are up`;
  return [
    trouble("warn", null, text, "it takes a while after a node is back; if it grows, that node is too slow"),
  ];
}
