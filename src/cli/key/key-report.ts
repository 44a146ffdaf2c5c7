/** What `kvorum key` prints for people: where a key lives, and what each replica has of it. */

import type {
  KeyWhereabouts,
  ReplicaVersion,
  ShownDot,
  ShownSibling,
} from "../../server/cluster/key-whereabouts.ts";
import type { ClusterStatus } from "../../server/commands/kv-status.ts";
import { placeOf } from "../cluster/cluster-view.ts";
import { countText, durationText, sizeText } from "../quantity-text.ts";
import { type Column, tableLines } from "../text-table.ts";

/** Of a value in a table. */
const SHOWN_CHARS_MAX = 60;
/** Enough to tell actors of one cluster apart. */
const ACTOR_CHARS = 8;

const COLUMNS: readonly Column[] = [
  { head: "replica" },
  { head: "has" },
  { head: "dot" },
  { head: "written" },
  { head: "expires" },
  { head: "bytes", isRight: true },
  { head: "value" },
  { head: "context" },
];

export interface KeyReportParts {
  readonly found: KeyWhereabouts;
  readonly status: Pick<ClusterStatus, "members">;
  readonly nowMs: number;
}

export function keyReport({ found, status, nowMs }: KeyReportParts): string {
  const { key, keyEncoding, slot, keyspace, preferenceList, fallbacks, replicas } = found;
  const places = new Map(status.members.map((member) => [member.id, placeOf(member)]));
  const place = (id: string): string => places.get(id) ?? `(${id.slice(0, 8)})`;
  const shownKey = keyEncoding === "utf8" ? JSON.stringify(key) : `${key} (base64)`;
  const lines = [
    `key ${shownKey}: slot ${slot}, keyspace ${keyspace}`,
    `kept by ${preferenceList.map(place).join(", ")}`,
    ...(fallbacks.length > 0
      ? [`in their stead ${fallbacks.slice(0, preferenceList.length).map(place).join(", ")}`]
      : []),
    "",
    ...tableLines(
      COLUMNS,
      replicas.flatMap((replica) => rowsOf(place(replica.id), replica, nowMs)),
    ),
    "",
    verdict(found),
  ];
  return `${lines.join("\n")}\n`;
}

/** A row for each sibling; one if there is none. */
function rowsOf(
  place: string,
  { state, version }: ReplicaVersion,
  nowMs: number,
): readonly (readonly string[])[] {
  const context = version === null ? "" : version.context.map(dotText).join(" ");
  const siblings = version?.siblings ?? [];
  if (siblings.length === 0) return [[place, STATE_WORDS[state], "", "", "", "", "", context]];
  return siblings.map((sibling, i) => [
    i === 0 ? place : "",
    i === 0 ? STATE_WORDS[state] : "",
    ...siblingCells(sibling, nowMs),
    i === 0 ? context : "",
  ]);
}

const STATE_WORDS: Readonly<Record<ReplicaVersion["state"], string>> = {
  present: "it",
  missing: "nothing",
  tombstone: "a tombstone",
  unreachable: "NO ANSWER",
};

function siblingCells(sibling: ShownSibling, nowMs: number): readonly string[] {
  const { dot, hlcMs, expiresAtMs, bytes } = sibling;
  return [
    dotText(dot),
    hlcMs === 0 ? "-" : new Date(hlcMs).toISOString(),
    expiresAtMs === null ? "never" : expiryText(expiresAtMs - nowMs),
    bytes < 1_024 ? countText(bytes) : sizeText(bytes),
    valueText(sibling),
  ];
}

function expiryText(leftMs: number): string {
  return leftMs <= 0 ? "has expired" : `in ${durationText(leftMs / 1_000)}`;
}

/** "4f05bc21:17", the beginning of the actor and its counter. */
function dotText({ actor, counter }: ShownDot): string {
  return `${actor.slice(0, ACTOR_CHARS)}:${counter}`;
}

function valueText({ kind, value, valueEncoding }: ShownSibling): string {
  const text = valueEncoding === "base64" ? `${value} (base64)` : JSON.stringify(value);
  const shown = text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text;
  return kind === "increment" ? `+ ${value} by increments` : shown;
}

function verdict({ identical, replicas, merged }: KeyWhereabouts): string {
  const reached = replicas.filter(({ state }) => state !== "unreachable");
  const answered =
    reached.length === replicas.length
      ? "All replicas"
      : `${reached.length} of ${replicas.length} replicas answered; they`;
  if (reached.every(({ state }) => state === "missing")) {
    return reached.length === replicas.length
      ? "No replica has this key."
      : `${reached.length} of ${replicas.length} replicas answered; none of them has this key.`;
  }
  const same = identical
    ? `${answered} have the same.`
    : `${answered} differ: a read mends it, or \`kvorum repair\`.`;
  const values = merged.siblings.filter(({ kind }) => kind === "value").length;
  if (values < 2) return same;
  return `${same}\n${values} values did not know of each other; KV.PUT with this context puts one in their place:\n${merged.context}`;
}
