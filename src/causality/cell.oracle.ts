/**
 * A slow second implementation of the cell, for tests: the whole causal history. A replica knows a set of writes;
 * every write lists the writes it killed; what lives is what no known write has killed. Each increment is a
 * write of its own: nothing is summed up, absorbed or forgotten, so nothing can be summed up wrongly.
 *
 * A set of writes is a bit mask over their numbers.
 */
import type { Actor } from "./actor.ts";
import { NEVER } from "./cell.ts";
import { compareDots, type Dot } from "./dot.ts";
import { compareHlc, HLC_ZERO, type Hlc } from "./hybrid-clock.ts";

export type History = bigint;

interface Write {
  readonly bit: History;
  readonly kind: "value" | "increment" | "deletion";
  readonly dot: Dot | undefined;
  readonly hlc: Hlc;
  readonly expiresAtMs: number;
  readonly text: string;
  readonly delta: bigint;
  readonly killed: History;
}

export type ValueToWrite = Pick<Write, "hlc" | "expiresAtMs" | "text"> & { readonly dot: Dot };

export interface ActorSum {
  readonly dot: Dot;
  readonly sum: bigint;
}

const NOTHING: History = 0n;

export class CausalHistories {
  readonly #writes: Write[] = [];

  overwrite(known: History, value: ValueToWrite): History {
    return this.#add(known, { ...value, kind: "value", killed: known });
  }

  putWithContext(known: History, seen: History, value: ValueToWrite): History {
    return this.#add(known | seen, { ...value, kind: "value", killed: seen });
  }

  remove(known: History, seen: History): History {
    return this.#add(known | seen, { kind: "deletion", killed: seen });
  }

  increment(known: History, dot: Dot, delta: bigint, wallMs: number): History {
    const killed = this.#expired(known, wallMs);
    const governing = this.#governing(this.#live(known, killed));
    const { hlc, expiresAtMs } = governing ?? { hlc: HLC_ZERO, expiresAtMs: NEVER };
    return this.#add(known, { kind: "increment", dot, hlc, expiresAtMs, delta, killed });
  }

  /** Requires: something lives at `wallMs`. */
  changeExpiry(
    known: History,
    { dot, hlc }: { dot: Dot; hlc: Hlc },
    expiresAtMs: number,
    wallMs: number,
  ): History {
    const expired = this.#expired(known, wallMs);
    const values = this.#live(known, expired).filter((write) => write.kind === "value");
    const newest = values.sort(byAge).at(-1);
    if (newest === undefined)
      return this.#add(known, { kind: "increment", dot, hlc, expiresAtMs, killed: expired });
    const killed = values.reduce((mask, write) => mask | write.bit, expired);
    return this.#add(known, { ...newest, dot, expiresAtMs, killed });
  }

  /** The dots of all values that live, expired or not, in order. */
  valueDots(known: History): readonly Dot[] {
    const values = this.#live(known).filter((write) => write.kind === "value");
    return values.map((write) => write.dot!).sort(compareDots);
  }

  /** For each actor with a live increment: the last one's dot, and the sum of all. */
  sums(known: History): readonly ActorSum[] {
    const sums = new Map<Actor, ActorSum>();
    for (const write of this.#live(known)) {
      if (write.kind !== "increment") continue;
      const dot = write.dot!;
      sums.set(dot.actor, { dot, sum: (sums.get(dot.actor)?.sum ?? 0n) + write.delta });
    }
    return [...sums.values()].sort((a, b) => compareDots(a.dot, b.dot));
  }

  /** The highest counter of each actor. */
  context(known: History): readonly Dot[] {
    const context = new Map<Actor, Dot>();
    for (const { dot } of this.#known(known)) {
      if (dot !== undefined && (context.get(dot.actor)?.counter ?? 0) < dot.counter)
        context.set(dot.actor, dot);
    }
    return [...context.values()].sort(compareDots);
  }

  /** What a plain GET shows at `wallMs`. */
  resolve(
    known: History,
    wallMs: number,
  ): { readonly text: string; readonly expiresAtMs: number } | undefined {
    const live = this.#live(known, this.#expired(known, wallMs)).sort(byAge);
    const newest = live.filter((write) => write.kind === "value").at(-1);
    const increments = live.filter((write) => write.kind === "increment");
    const sum = increments.reduce((total, write) => total + write.delta, 0n);
    const governing = this.#governing(live);
    if (newest === undefined) return governing && { text: `${sum}`, expiresAtMs: governing.expiresAtMs };
    const isInteger = /^(0|-?[1-9]\d*)$/.test(newest.text);
    return {
      text: isInteger ? `${BigInt(newest.text) + sum}` : newest.text,
      expiresAtMs: newest.expiresAtMs,
    };
  }

  #add(known: History, write: Partial<Write> & Pick<Write, "kind" | "killed">): History {
    const bit = 1n << BigInt(this.#writes.length);
    const rest = { dot: undefined, hlc: HLC_ZERO, expiresAtMs: NEVER, text: "", delta: 0n };
    this.#writes.push({ ...rest, ...write, bit });
    return known | bit;
  }

  #known(known: History): readonly Write[] {
    return this.#writes.filter((write) => (known & write.bit) !== NOTHING);
  }

  /** What no known write has killed, and `killed` does not name either; in order of writing. */
  #live(known: History, killed = NOTHING): Write[] {
    const writes = this.#known(known);
    const dead = writes.reduce((mask, write) => mask | write.killed, killed);
    return writes.filter((write) => write.kind !== "deletion" && (dead & write.bit) === NOTHING);
  }

  #expired(known: History, wallMs: number): History {
    const isPast = (write: Write): boolean => write.expiresAtMs !== NEVER && write.expiresAtMs <= wallMs;
    const live = this.#live(known);
    const governing = this.#governing(live);
    const expired = live.filter((write) => isPast(write.kind === "value" ? write : governing!));
    return expired.reduce((mask, write) => mask | write.bit, NOTHING);
  }

  /** Whose expiry the increments share: the newest value, else the newest among each actor's last increment. */
  #governing(live: readonly Write[]): Write | undefined {
    const values = live.filter((write) => write.kind === "value");
    if (values.length > 0) return values.sort(byAge).at(-1);
    const isLast = (write: Write): boolean =>
      live.every(({ dot }) => dot!.actor !== write.dot!.actor || dot!.counter <= write.dot!.counter);
    return live.filter(isLast).sort(byAge).at(-1);
  }
}

function byAge(a: Write, b: Write): number {
  return compareHlc(a.hlc, b.hlc) || compareDots(a.dot!, b.dot!);
}
