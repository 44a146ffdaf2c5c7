/** Concurrent values side by side: what each had seen and wrote, where their texts differ, who holds which. */
import type { Dot, KeyAnswer, Sibling } from "../api/answers.ts";

/** What one sibling knew of one actor. */
export interface ClockRow {
  readonly actor: string;
  /** So many writes of the actor it had seen, at most. */
  readonly seen: number;
  /** The number of its own write, if the actor wrote it. */
  readonly wrote: number | undefined;
  /** True if the actor has written another sibling, which this one had not seen. */
  readonly missesOthers: boolean;
}

export interface ComparedSibling {
  readonly sibling: Sibling;
  /** "A", "B", ... */
  readonly letter: string;
  readonly clock: readonly ClockRow[];
  /** What only this value has stands in the middle. */
  readonly text: readonly [before: string, different: string, after: string];
  /** Ids of replicas that hold it. */
  readonly holders: readonly string[];
  /** Its whole value is here, and is text: so it can be edited. */
  readonly isEditable: boolean;
}

/** Whether somebody must decide. Increments need nobody: they are added up. */
export function isConflict({ merged }: KeyAnswer): boolean {
  return merged.siblings.filter(({ kind }) => kind === "value").length > 1;
}

/** In the order of the answer: newest first. */
export function comparedSiblings({ merged, replicas }: KeyAnswer): readonly ComparedSibling[] {
  const { siblings } = merged;
  const context = replicas.flatMap(({ version }) => version?.context ?? []);
  const actors = [
    ...new Set([...context, ...siblings.map(({ dot }) => dot)].map(({ actor }) => actor)),
  ].sort();
  const texts = siblings.map(({ value }) => value);
  const before = sharedStart(texts);
  const after = sharedEnd(texts.map((text) => text.slice(before)));
  return siblings.map((sibling, index) => ({
    sibling,
    letter: String.fromCharCode(65 + (index % 26)),
    clock: actors.map((actor) => clockRow(actor, sibling, siblings, context)),
    text: cut(sibling.value, before, siblings.length === 1 ? 0 : after),
    holders: replicas.filter((replica) => holds(replica.version?.siblings, sibling.dot)).map(({ id }) => id),
    isEditable:
      sibling.valueEncoding === "utf8" && sibling.bytes === new TextEncoder().encode(sibling.value).length,
  }));
}

/** What all replicas know together, by actor. */
export function joinedContext(contexts: readonly (readonly Dot[])[]): readonly Dot[] {
  const counters = new Map<string, number>();
  for (const { actor, counter } of contexts.flat()) {
    counters.set(actor, Math.max(counter, counters.get(actor) ?? 0));
  }
  return [...counters]
    .map(([actor, counter]) => ({ actor, counter }))
    .sort((a, b) => (a.actor < b.actor ? -1 : 1));
}

function clockRow(
  actor: string,
  own: Sibling,
  siblings: readonly Sibling[],
  context: readonly Dot[],
): ClockRow {
  const dots = siblings.map(({ dot }) => dot).filter((dot) => dot.actor === actor);
  const known = context.filter((dot) => dot.actor === actor).map(({ counter }) => counter);
  const others = dots.filter(({ counter }) => own.dot.actor !== actor || counter !== own.dot.counter);
  // Of siblings none has seen another: what all have seen ends before the first of them.
  const seen =
    dots.length === 0 ? Math.max(0, ...known) : Math.min(...dots.map(({ counter }) => counter)) - 1;
  const wrote = own.dot.actor === actor ? own.dot.counter : undefined;
  return { actor, seen, wrote, missesOthers: others.length > 0 };
}

function holds(siblings: readonly Sibling[] | undefined, { actor, counter }: Dot): boolean {
  return siblings?.some(({ dot }) => dot.actor === actor && dot.counter === counter) === true;
}

function cut(text: string, before: number, after: number): ComparedSibling["text"] {
  const end = text.length - after;
  return [text.slice(0, before), text.slice(before, end), text.slice(end)];
}

/** So many first units are the same in all. Of one text alone all are. */
function sharedStart(texts: readonly string[]): number {
  const [first = "", ...rest] = texts;
  let length = 0;
  while (length < first.length && rest.every((text) => text[length] === first[length])) length++;
  return length;
}

function sharedEnd(texts: readonly string[]): number {
  return sharedStart(texts.map((text) => text.split("").reverse().join("")));
}
