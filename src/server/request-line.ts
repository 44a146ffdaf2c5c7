/**
 * Requests of one session that are under way at once, in a cluster, where each waits for other nodes: they are begun in
 * order as long as they need not wait for each other (key-claims.ts), and their replies leave in order.
 *
 * Invariant: of a request that is not begun yet, none behind it is begun.
 */
import { ownReply } from "../replication/step.ts";
import { Request } from "../resp/request.ts";
import type { Answer } from "./command-shape.ts";
import { type KeyClaim, KeyClaims } from "./key-claims.ts";

/** So many of one session may be under way, for their replies may be long. */
const REQUESTS_MAX = 64;
/** Answers that wait for those before them, beyond which no more requests are begun. */
const ANSWERED_BYTES_MAX = 1024 * 1024;

/** A session, as its line sees it. */
export interface LineOwner {
  readonly protocol: 2 | 3;
  readonly isClosed: boolean;
  commandCount: number;
  /** Runs a request alone. */
  begin(request: Request): void;
  reply(answer: Answer): void;
  /** Something has been answered. */
  resume(): void;
}

export interface LineHost<Owner> {
  readonly writer: { protocol: 2 | 3 };
  readonly dispatcher: {
    dispatch(session: Owner, request: Request): Answer | Promise<Answer>;
    refusal(cause: unknown): Answer;
  };
}

/** Of a request: undefined if it is to be run alone. */
export interface MakesClaims {
  claimOf(request: Request): KeyClaim | undefined;
}

interface Begun {
  readonly claim: KeyClaim | undefined;
  /** Undefined until it is known. */
  answer: Answer | undefined;
}

export class RequestLine<Owner extends LineOwner> {
  readonly #owner: Owner;
  readonly #host: LineHost<Owner>;
  readonly #makesClaims: MakesClaims;
  readonly #claims = new KeyClaims();
  readonly #begun: Begun[] = [];
  #answeredBytes = 0;
  /** The next one, which waits for others. */
  #held: Request | undefined;

  constructor(owner: Owner, host: LineHost<Owner>, makesClaims: MakesClaims) {
    this.#owner = owner;
    this.#host = host;
    this.#makesClaims = makesClaims;
  }

  get isEmpty(): boolean {
    return this.#begun.length === 0;
  }

  /** False if the next request must wait. */
  get isOpen(): boolean {
    if (this.#held !== undefined) return false;
    return this.#begun.length < REQUESTS_MAX && this.#answeredBytes <= ANSWERED_BYTES_MAX;
  }

  /** Memory held for the request that waits. */
  get heldBytes(): number {
    return this.#held?.bytes.length ?? 0;
  }

  /** Begins the request, or lets it wait for those before it. Requires: the line is open. */
  offer(request: Request): void {
    const claim = this.#makesClaims.claimOf(request);
    if (!this.#admits(claim)) this.#held = ownRequest(request);
    else if (claim === undefined) this.#owner.begin(request);
    else this.#begin(request, claim);
  }

  /** Begins the one that has been waiting, if it may be. */
  goOn(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    if (this.isOpen) this.offer(held);
    else this.#held = held;
  }

  /** Replies, once those before it have been replied to. */
  answer(answer: Answer): void {
    if (this.isEmpty) this.#owner.reply(answer);
    else this.#add(undefined, typeof answer === "symbol" ? answer : ownReply(answer));
  }

  #admits(claim: KeyClaim | undefined): boolean {
    return this.isEmpty || (claim !== undefined && this.#claims.admits(claim));
  }

  #begin(request: Request, claim: KeyClaim): void {
    const owner = this.#owner;
    owner.commandCount++;
    const result = this.#host.dispatcher.dispatch(owner, request);
    if (!(result instanceof Promise)) {
      this.answer(result);
      return;
    }
    this.#claims.add(claim);
    const begun = this.#add(claim, undefined);
    result.then(
      (answer) => this.#settle(begun, answer),
      (cause: unknown) => this.#settle(begun, this.#host.dispatcher.refusal(cause)),
    );
  }

  #add(claim: KeyClaim | undefined, answer: Answer | undefined): Begun {
    const begun: Begun = { claim, answer };
    if (answer !== undefined) this.#answeredBytes += bytesOf(answer);
    this.#begun.push(begun);
    return begun;
  }

  #settle(begun: Begun, answer: Answer): void {
    begun.answer = answer;
    this.#answeredBytes += bytesOf(answer);
    this.#claims.remove(begun.claim!);
    const owner = this.#owner;
    if (owner.isClosed || (this.#begun[0]?.answer === undefined && this.#held === undefined)) return;
    this.#host.writer.protocol = owner.protocol;
    for (let next = this.#take(); next !== undefined; next = this.#take()) owner.reply(next);
    owner.resume();
  }

  /** The answer that is next, if it is known. */
  #take(): Answer | undefined {
    const answer = this.#begun[0]?.answer;
    if (answer === undefined) return undefined;
    this.#begun.shift();
    this.#answeredBytes -= bytesOf(answer);
    return answer;
  }
}

/** Of what may be long. */
function bytesOf(answer: Answer): number {
  if (answer instanceof Uint8Array) return answer.length;
  if (Array.isArray(answer)) return answer.reduce<number>((sum, each) => sum + bytesOf(each), 0);
  if (typeof answer !== "object" || answer === null || !("kind" in answer)) return 0;
  return answer.kind === "encoded" ? answer.bytes.length : 0;
}

/** It is the decoder's no longer. */
function ownRequest({ bytes, starts, ends, argCount }: Request): Request {
  const own = new Request();
  const start = starts[0]!;
  own.bytes = bytes.slice(start, ends[argCount - 1]!);
  own.argCount = argCount;
  own.starts = starts.slice(0, argCount).map((at) => at - start);
  own.ends = ends.slice(0, argCount).map((at) => at - start);
  return own;
}
