/**
 * What has happened to the cluster as this node saw it, newest last. In memory, bounded; an id is never used twice in one
 * life of the node.
 */
import type { Clock } from "../../runtime/runtime.ts";

export const EVENT_KINDS = [
  "node-up",
  "node-down",
  "node-suspect",
  "topology",
  "move",
  "hints",
  "repair",
  "eviction-storm",
  "disk",
  "overload",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const EVENT_LEVELS = ["ok", "warn", "bad"] as const;

/** What is told of; the log adds id and time. */
export interface Happening {
  readonly kind: EventKind;
  /** For people, a whole sentence. */
  readonly text: string;
  /** The id of the node that it concerns. */
  readonly node?: string;
  readonly level: (typeof EVENT_LEVELS)[number];
}

export interface ClusterEvent extends Happening {
  readonly id: number;
  /** Wall time. */
  readonly atMs: number;
}

export type EventListener = (event: ClusterEvent) => void;

export class EventLog {
  static readonly COUNT_MAX = 1_000;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #events: ClusterEvent[] = [];
  readonly #listeners = new Set<EventListener>();
  #nextId = 1;

  constructor(clock: Pick<Clock, "wallMs">) {
    this.#clock = clock;
  }

  add(happening: Happening): void {
    const event: ClusterEvent = { id: this.#nextId++, atMs: this.#clock.wallMs(), ...happening };
    this.#events.push(event);
    if (this.#events.length > EventLog.COUNT_MAX) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** Those after the one of that id that are still there, oldest first. */
  since(id: number): readonly ClusterEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  /** The latest, oldest first. */
  recent(countMax: number): readonly ClusterEvent[] {
    return countMax === 0 ? [] : this.#events.slice(-countMax);
  }

  /** Tells of all that is added from now on, until the function that it returns is called. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
