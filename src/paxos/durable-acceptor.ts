/**
 * An acceptor whose memory outlasts crashes: it answers only when what it promises or accepts is durable. Steps come one
 * after the other.
 */
import { StoreError } from "../base/errors.ts";
import type { DocumentFile } from "../membership/document-file.ts";
import {
  type AcceptorReply,
  type AcceptorRequest,
  type AcceptorState,
  acceptorStep,
  EMPTY_ACCEPTOR,
} from "./acceptor.ts";
import { decodeAcceptorState, encodeAcceptorState } from "./paxos-codec.ts";

export class DurableAcceptor {
  readonly #file: DocumentFile;
  #state: AcceptorState;
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects with StoreError IO or CORRUPTION: without its memory an acceptor must not go on. */
  static async open(file: DocumentFile): Promise<DurableAcceptor> {
    const bytes = await file.load();
    if (bytes === undefined) return new DurableAcceptor(file, EMPTY_ACCEPTOR);
    try {
      return new DurableAcceptor(file, decodeAcceptorState(bytes));
    } catch (cause) {
      throw new StoreError("CORRUPTION", "not-applied", `${file.path} is damaged`, { cause });
    }
  }

  private constructor(file: DocumentFile, state: AcceptorState) {
    this.#file = file;
    this.#state = state;
  }

  /** Rejects with StoreError IO, unknown: then the step may have been taken or not. */
  answer(request: AcceptorRequest): Promise<AcceptorReply> {
    const answered = this.#last.then(() => this.#step(request));
    this.#last = answered.catch(() => undefined); // told to whoever asked
    return answered;
  }

  async #step(request: AcceptorRequest): Promise<AcceptorReply> {
    const { state, reply } = acceptorStep(this.#state, request);
    if (state === this.#state) return reply;
    await this.#file.save(encodeAcceptorState(state));
    this.#state = state;
    return reply;
  }
}
