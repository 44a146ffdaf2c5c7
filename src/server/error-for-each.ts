/** Errors in place of replies that must not leave: one for each, so that a client can tell which request each is about. */
import { StoreError } from "../base/errors.ts";
import { ReplyDecoder } from "../resp/reply-decoder.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import { errorText } from "./refusal-text.ts";

/** Undefined if what is there cannot be counted, or the cause is none that clients are told. */
export function errorForEach(replies: Uint8Array, cause: unknown): Uint8Array | undefined {
  if (!(cause instanceof StoreError)) return undefined;
  const decoder = new ReplyDecoder();
  const writer = new ReplyWriter();
  const text = errorText(cause);
  decoder.feed(replies);
  while (decoder.next()) writer.error(text);
  decoder.park();
  return decoder.error === "" && decoder.heldBytes === 0 ? writer.take() : undefined;
}
