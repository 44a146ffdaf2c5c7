/**
 * What one client did to databases that nobody else writes, as a line of states: after k of its requests they are in
 * the k-th. A request is answered once it is durable, and requests of one connection take effect in order: so after
 * a crash the databases must be in one of the states from the last acknowledged request to the last one sent.
 */
import type { Call } from "../raw-client.ts";

/** Keys and values of each database. Never changed in place. */
export type State = ReadonlyMap<number, ReadonlyMap<string, string>>;

/** A request, what it does to the state, and what it answers. */
export interface Deed {
  readonly call: Call;
  readonly after: (state: State) => State;
  /** RESP2 bytes as Latin-1. */
  readonly reply: (state: State) => string;
}

export class History {
  #acknowledged: State;
  /** States after each request in flight, and the answers they must get. */
  #inFlight: { readonly state: State; readonly reply: string; readonly call: Call }[] = [];

  constructor(databases: readonly number[]) {
    this.#acknowledged = new Map(databases.map((database) => [database, new Map()]));
  }

  /** As far as the client knows, if nothing goes wrong. */
  get newest(): State {
    return this.#inFlight.at(-1)?.state ?? this.#acknowledged;
  }

  noteSent({ call, after, reply }: Deed): void {
    const before = this.newest;
    this.#inFlight.push({ state: after(before), reply: reply(before), call });
  }

  /** Throws if it is not the answer to the oldest request in flight. */
  noteReply(reply: string): void {
    const { state, reply: wanted, call } = this.#inFlight.shift()!;
    if (reply !== wanted)
      throw new Error(`${call.join(" ").slice(0, 80)}: ${show(reply)} not ${show(wanted)}`);
    this.#acknowledged = state;
  }

  /** Takes over what was found after a crash; says what is wrong with it, if anything. */
  recover(found: State): string | undefined {
    const candidates = [this.#acknowledged, ...this.#inFlight.map(({ state }) => state)];
    const match = candidates.find((candidate) => differenceOf(candidate, found) === undefined);
    const calls = this.#inFlight.map(({ call }) => call.join(" ").slice(0, 40)).join("; ");
    this.#inFlight = [];
    if (match === undefined) {
      return `${differenceOf(candidates[0]!, found)} (and in no later state; in flight: ${calls})`;
    }
    this.#acknowledged = match;
    return undefined;
  }
}

/** The first key that differs, and how. */
function differenceOf(wanted: State, found: State): string | undefined {
  for (const [database, wantedKeys] of wanted) {
    const foundKeys = found.get(database)!;
    for (const key of new Set([...wantedKeys.keys(), ...foundKeys.keys()])) {
      const [before, after] = [wantedKeys.get(key), foundKeys.get(key)];
      if (before !== after) return `database ${database}: ${key} is ${show(after)}, was ${show(before)}`;
    }
  }
  return undefined;
}

function show(text: string | undefined): string {
  if (text === undefined) return "not there";
  return text.length <= 40 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 40))} of ${text.length}`;
}
