/** What the copies of a key say together, in a sentence. */
import type { KeyAnswer, KeyReplica, Level } from "../api/answers.ts";
import { isConflict, joinedContext } from "./sibling-comparison.ts";

export interface KeyVerdict {
  readonly level: Level;
  readonly text: string;
}

/** `nameOf`: of a node by its id. */
export function keyVerdict(answer: KeyAnswer, nameOf: (id: string) => string): KeyVerdict {
  const { replicas, merged, identical } = answer;
  const silent = replicas.filter(({ state }) => state === "unreachable");
  const stale = staleReplicas(replicas);
  const remarks = [
    stale.length > 0 && !identical
      ? `${list(stale, nameOf)} ${stale.length === 1 ? "lacks" : "lack"} the newest version: a read, a hint or the next exchange brings it.`
      : "",
    silent.length > 0 ? `${list(silent, nameOf)} ${silent.length === 1 ? "does" : "do"} not answer.` : "",
  ].filter((remark) => remark !== "");
  if (isConflict(answer)) {
    const count = merged.siblings.filter(({ kind }) => kind === "value").length;
    const text = `${countWord(count)} values were written at the same time: no writer had seen another's. All are kept until somebody who has seen them decides.`;
    return { level: "warn", text: [text, ...remarks].join(" ") };
  }
  const head = headline(answer, replicas.length - silent.length);
  return { level: remarks.length === 0 ? "ok" : "warn", text: [head, ...remarks].join(" ") };
}

function headline({ replicas, merged, identical }: KeyAnswer, answering: number): string {
  if (merged.siblings.length === 0) {
    const wasThere = replicas.some(({ state }) => state === "tombstone");
    return wasThere
      ? "The key was deleted. Replicas keep a note of that, so that no late copy brings it back."
      : "No replica has this key.";
  }
  if (merged.siblings.some(({ kind }) => kind === "increment")) {
    return "A counter: what each node has added stands apart, and all is added up, so that nothing is lost.";
  }
  if (!identical) return "One value, which not all replicas have.";
  if (answering === 1) return "One copy, one value.";
  return `${answering === 2 ? "Both" : `All ${answering}`} replicas that answer hold the same value.`;
}

/** Those that lack a write that another one has. */
function staleReplicas(replicas: readonly KeyReplica[]): readonly KeyReplica[] {
  const answering = replicas.filter(({ state }) => state !== "unreachable");
  const newest = joinedContext(answering.map(({ version }) => version?.context ?? []));
  return answering.filter(({ version }) => {
    const known = new Map(version?.context.map(({ actor, counter }) => [actor, counter]));
    return newest.some(({ actor, counter }) => (known.get(actor) ?? 0) < counter);
  });
}

function list(replicas: readonly KeyReplica[], nameOf: (id: string) => string): string {
  const names = replicas.map(({ id }) => nameOf(id));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function countWord(count: number): string {
  return ["No", "One", "Two", "Three", "Four", "Five", "Six"][count] ?? `${count}`;
}
