/**
 * A client that remembers what it was promised, and at the end looks whether all of it is there.
 *
 * It writes keys that nobody else writes, each request at any node. Of a request whose outcome it does not learn it
 * may say nothing later on, so that it leaves the key for good: of every key, at most the last write is in doubt.
 */

import type { Reply } from "../../../src/resp/reply.ts";
import { ReplyDecoder } from "../../../src/resp/reply-decoder.ts";
import type { SimRandom } from "../../../src/sim/sim-random.ts";
import { type Call, RawClient } from "../raw-client.ts";

/** How a request ended. */
export type Outcome = { readonly kind: "reply"; readonly reply: Reply } | { readonly kind: "unknown" };

/** What was promised about a key. */
interface Promised {
  /** Undefined: it is absent. */
  value: string | undefined;
  /** Values that were deleted, or refused: never to be seen again. */
  readonly gone: Set<string>;
  /** The last write, if nobody knows what became of it: a value, or a deletion. */
  doubt: { readonly value: string | undefined } | undefined;
}

const KEYS_AT_ONE_TIME = 4;

export class Witness {
  readonly #name: string;
  readonly #random: SimRandom;
  readonly #retireOneIn: number;
  readonly #promised = new Map<string, Promised>();
  readonly #current: string[] = [];
  #sent = 0;
  #acknowledged = 0;
  #incremented = 0;
  #incrementsInDoubt = 0;

  /** One key in `retireOneIn` writes is left as it is for good; none if it is 0. */
  constructor(name: string, random: SimRandom, retireOneIn = 0) {
    this.#name = name;
    this.#random = random;
    this.#retireOneIn = retireOneIn;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged;
  }

  /** Makes one request. `ask` never rejects. */
  async act(ask: (call: Call) => Promise<Outcome>): Promise<void> {
    if (this.#random.oneIn(6)) return this.#increment(ask);
    const key = this.#keyToWrite();
    const promised = this.#promised.get(key)!;
    if (promised.value !== undefined && this.#random.oneIn(4)) await this.#delete(key, promised, ask);
    else await this.#set(key, promised, ask);
    const at = this.#current.indexOf(key);
    if (at >= 0 && this.#retireOneIn > 0 && this.#random.oneIn(this.#retireOneIn))
      this.#current.splice(at, 1);
  }

  /** Reads all from one node; says what is wrong, or undefined. `ask` rejects if it gets no reply. */
  async check(ask: (call: Call) => Promise<Reply>): Promise<string | undefined> {
    for (const [key, promised] of this.#promised) {
      const reply = await ask(["kv.get", key]);
      if (!Array.isArray(reply)) return `${key}: ${JSON.stringify(reply)}`;
      const found = reply.slice(1).map(String);
      const wrong = wrongWith(promised, found);
      if (wrong !== undefined) return `${key}: ${wrong}; found ${JSON.stringify(found)}`;
    }
    const count = Number((await ask(["get", this.#counter])) ?? 0);
    const countMax = this.#incremented + this.#incrementsInDoubt;
    if (count >= this.#incremented && count <= countMax) return undefined;
    return `${this.#counter}: ${count}, but ${this.#incremented} to ${countMax} were promised`;
  }

  get #counter(): string {
    return `${this.#name}:counter`;
  }

  async #increment(ask: (call: Call) => Promise<Outcome>): Promise<void> {
    const outcome = await ask(["incr", this.#counter]);
    const verdict = verdictOf(outcome);
    if (verdict === "done") this.#incremented++;
    if (verdict === "done") this.#acknowledged++;
    if (verdict === "unknown") this.#incrementsInDoubt++;
  }

  async #set(key: string, promised: Promised, ask: (call: Call) => Promise<Outcome>): Promise<void> {
    const value = `${this.#name}:${++this.#sent}`;
    const verdict = verdictOf(await ask(["set", key, value]));
    if (verdict === "refused") promised.gone.add(value);
    else if (verdict === "unknown") this.#leave(key, promised, value);
    else {
      promised.value = value;
      this.#acknowledged++;
    }
  }

  async #delete(key: string, promised: Promised, ask: (call: Call) => Promise<Outcome>): Promise<void> {
    const outcome = await ask(["del", key]);
    const verdict = verdictOf(outcome);
    if (verdict === "refused") return;
    // Whoever deleted nothing had not seen the value yet: it deleted what it had seen, and no more.
    const sawIt = outcome.kind === "reply" && outcome.reply === 1;
    if (verdict === "unknown" || !sawIt) return this.#leave(key, promised, undefined);
    promised.gone.add(promised.value!);
    promised.value = undefined;
    this.#acknowledged++;
  }

  #leave(key: string, promised: Promised, value: string | undefined): void {
    promised.doubt = { value };
    this.#current.splice(this.#current.indexOf(key), 1);
  }

  #keyToWrite(): string {
    while (this.#current.length < KEYS_AT_ONE_TIME) {
      const key = `${this.#name}:${this.#promised.size}`;
      this.#promised.set(key, { value: undefined, gone: new Set(), doubt: undefined });
      this.#current.push(key);
    }
    return this.#current[this.#random.below(this.#current.length)]!;
  }
}

function wrongWith({ value, gone, doubt }: Promised, found: readonly string[]): string | undefined {
  const back = found.find((each) => gone.has(each));
  if (back !== undefined) return `${back} was deleted or refused, and is there`;
  if (doubt !== undefined && (doubt.value === undefined || found.includes(doubt.value))) return undefined;
  if (value === undefined || found.includes(value)) return undefined;
  return `${value} was acknowledged, and is lost`;
}

function verdictOf(outcome: Outcome): "done" | "refused" | "unknown" {
  if (outcome.kind === "unknown") return "unknown";
  const { reply } = outcome;
  const isFailure =
    typeof reply === "object" && reply !== null && "kind" in reply && reply.kind === "failure";
  if (!isFailure) return "done";
  return / NOTAPPLIED /.test(reply.text) ? "refused" : "unknown";
}

/** As a value. */
export function replyOf(bytes: Buffer): Reply {
  const decoder = new ReplyDecoder();
  decoder.feed(bytes, bytes.length);
  if (!decoder.next()) throw new Error(`no reply: ${bytes.toString("latin1").slice(0, 80)}`);
  return decoder.reply;
}

/** One connection after the other: each is left when an answer does not come. */
export class PatientClient {
  readonly #patience: (ms: number) => Promise<void>;
  readonly #clients = new Map<number, RawClient>();

  /** `patience`: resolves after so long. */
  constructor(patience: (ms: number) => Promise<void>) {
    this.#patience = patience;
  }

  async ask(port: number, call: Call, patienceMs: number): Promise<Outcome> {
    let client = this.#clients.get(port);
    try {
      client ??= await RawClient.connect(port);
      this.#clients.set(port, client);
      const late = this.#patience(patienceMs).then(() => undefined);
      const reply = await Promise.race([client.call(...call), late]);
      if (reply !== undefined) return { kind: "reply", reply: replyOf(reply) };
    } catch {
      // It hung up, or was not there: whether the request took effect, nobody says.
    }
    client?.close();
    this.#clients.delete(port);
    return { kind: "unknown" };
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
