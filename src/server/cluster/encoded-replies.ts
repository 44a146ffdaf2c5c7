/** Replies as the bytes that a client of another node will read. */
import { StoreError } from "../../base/errors.ts";
import type { Reply } from "../../resp/reply.ts";
import { ReplyWriter } from "../../resp/reply-writer.ts";
import { writeIfFits } from "../whole-or-nothing.ts";

/** Its limits may change. */
export interface LimitsReplies {
  readonly limits: { readonly replyBytesMax: number };
}

export class EncodedReplies {
  readonly #writer = new ReplyWriter();
  readonly #host: LimitsReplies;

  constructor(host: LimitsReplies) {
    this.#host = host;
  }

  /** Throws StoreError OVERLOADED, unknown, if the reply is longer than a reply may be. */
  encode(reply: Reply, protocol: 2 | 3): Uint8Array {
    const { replyBytesMax } = this.#host.limits;
    this.#writer.reset();
    this.#writer.protocol = protocol;
    this.#writer.bytesMax = replyBytesMax;
    if (writeIfFits(this.#writer, reply)) return this.#writer.take();
    const text = `the reply is longer than ${replyBytesMax} bytes`;
    throw new StoreError("OVERLOADED", "unknown", text);
  }
}
