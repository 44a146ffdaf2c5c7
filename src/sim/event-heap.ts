/** The simulator's agenda: a binary heap of events, the next one first, in (time, insertion) order. */

export interface Event {
  atMs: number;
  /** Tells apart events of one time: the earlier inserted comes first. */
  sequence: number;
  /** Undefined once cancelled. */
  fire: (() => void) | undefined;
  /** Whose it is: it ends with that, and waits as long as that stands still. Undefined: the world's own. */
  readonly owner: EventOwner | undefined;
}

export interface EventOwner {
  readonly isAlive: boolean;
  /** 0 unless it stands still. */
  readonly pausedUntilMs: number;
}

export class EventHeap {
  readonly #events: Event[] = [];

  get size(): number {
    return this.#events.length;
  }

  peek(): Event | undefined {
    return this.#events[0];
  }

  push(event: Event): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!precedes(event, events[parent]!)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  pop(): Event | undefined {
    const first = this.#events[0];
    const last = this.#events.pop();
    if (last !== undefined && this.#events.length > 0) this.#sinkFromTop(last);
    return first;
  }

  #sinkFromTop(event: Event): void {
    const events = this.#events;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= events.length) break;
      const right = left + 1;
      const child = right < events.length && precedes(events[right]!, events[left]!) ? right : left;
      if (!precedes(events[child]!, event)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = event;
  }
}

function precedes(a: Event, b: Event): boolean {
  return a.atMs === b.atMs ? a.sequence < b.sequence : a.atMs < b.atMs;
}
