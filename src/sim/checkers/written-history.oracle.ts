/**
 * Histories written by hand, for tests of checkers.
 *
 *   c0 0-5 SET k a             acknowledged: OK
 *   c0 10-15 GET k = a         "= nil": nothing there; "= 1 2": an array; a number counts as one
 *   c1 20-? SET k b            of unknown outcome
 *   c1 20-25 SET k b !         not applied
 */
import { utf8 } from "../../base/bytes.ts";
import { type Cell, NEVER, type Sibling } from "../../causality/cell.ts";
import { encodeCell } from "../../causality/cell-codec.ts";
import type { Aftermath, Family, History, Operation, Outcome, Promises, Reply } from "../history/history.ts";

export const STRICT: Promises = {
  isLinearizable: true,
  readsSeeWrites: true,
  readsAreMonotonic: true,
  crashesSurvived: 3,
  wipesSurvived: 1,
  convergesUnread: true,
  convergesInMs: 60_000,
  copies: 3,
  answersInMs: 10_000,
  clockErrorMsMax: 0,
};

export const WEAK: Promises = {
  ...STRICT,
  isLinearizable: false,
  readsSeeWrites: false,
  readsAreMonotonic: false,
};

export const TAKEN_AT_MS = 100_000;

export function historyOf(text: string, promises: Promises = STRICT): History {
  const lines = text.split("\n").map((line) => line.trim());
  return { operations: lines.filter((line) => line !== "").map(operationOf), promises };
}

function operationOf(line: string, index: number): Operation {
  const [, client, from, to, words, bang, reply] =
    /^c(\d+) (\d+)-(\d+|\?) (.*?)(?:( !)| = (.*))?$/.exec(line) ?? [];
  if (words === undefined) throw new Error(`no operation: ${line}`);
  const command = words.split(" ");
  const outcome: Outcome =
    to === "?"
      ? { kind: "unknown", error: "" }
      : bang !== undefined
        ? { kind: "not-applied", error: "" }
        : { kind: "reply", reply: replyOf(command[0]!, reply) };
  return {
    index,
    client: Number(client),
    node: "n1",
    family: familyOf(command[0]!),
    key: command[1]!,
    command,
    invokedAtMs: Number(from),
    endedAtMs: to === "?" ? undefined : Number(to),
    outcome,
  };
}

const BARE = new Set(["GET", "GETSET", "GETDEL", "KV.PUT"]);

function replyOf(name: string, text: string | undefined): Reply {
  if (text === undefined) return BARE.has(name) ? null : "OK";
  if (text === "nil") return null;
  if (name === "KV.GET") return text.split(" ");
  return BARE.has(name) ? text : Number(text);
}

function familyOf(name: string): Family {
  if (name.startsWith("KV.")) return "versioned";
  return name.startsWith("INCR") || name.startsWith("DECR") ? "counter" : "register";
}

/** As all nodes have it: of each key, its values, the first the newest. Change parts of it to make them differ. */
export function aftermathOf(values: Readonly<Record<string, readonly string[]>>): Aftermath {
  const nodes = ["n1", "n2", "n3"];
  const copies = new Map(Object.entries(values).map(([key, each]) => [key, encodeCell(cellOf(each))]));
  return {
    healedAtMs: TAKEN_AT_MS - 60_000,
    takenAtMs: TAKEN_AT_MS,
    replicas: new Map(nodes.map((node) => [node, copies])),
    placement: new Map(Object.keys(values).map((key) => [key, nodes])),
    machines: new Map(nodes.map((node) => [node, `machine of ${node}`])),
    datacenters: new Map(nodes.map((node) => [node, "dc1"])),
    wallMs: new Map(nodes.map((node) => [node, TAKEN_AT_MS])),
    dots: [],
    sums: [],
    queues: [],
    plans: new Map(nodes.map((node) => [node, "epoch 1 of n1 n2 n3"])),
    moves: [],
    unanswered: [],
    finalReads: new Map(),
    nodesDown: [],
  };
}

/** With all values beside each other, each by an actor of its own. */
export function cellOf(values: readonly string[], expiresAtMs = NEVER): Cell {
  const siblings = values.map(
    (value, i): Sibling => ({
      kind: "value",
      dot: { actor: BigInt(i + 1), counter: 1 },
      hlc: { wallMs: values.length - i, logical: 0 },
      expiresAtMs,
      payload: utf8(value),
    }),
  );
  const context = siblings.length === 0 ? [{ actor: 1n, counter: 1 }] : siblings.map(({ dot }) => dot);
  return { context, siblings, absorbed: [] };
}

/** With one node's copies of some keys replaced. */
export function withCopy(aftermath: Aftermath, node: string, key: string, cell: Cell | undefined): Aftermath {
  const own = new Map(aftermath.replicas.get(node));
  if (cell === undefined) own.delete(key);
  else own.set(key, encodeCell(cell));
  return { ...aftermath, replicas: new Map([...aftermath.replicas, [node, own]]) };
}
