/** Replies that are written all or not at all. */
import { StoreError } from "../base/errors.ts";
import { type Reply, writeReply } from "../resp/reply.ts";
import { ReplyTooLarge, type ReplyWriter } from "../resp/reply-writer.ts";

/** Writes the reply, or is false, with nothing written, if it is too large. */
export function writeIfFits(writer: ReplyWriter, reply: Reply): boolean {
  const mark = writer.length;
  try {
    writeReply(writer, reply);
    return true;
  } catch (cause) {
    if (!(cause instanceof ReplyTooLarge)) throw cause;
    writer.truncate(mark);
    return false;
  }
}

/** Runs `write`; if that is false or refused, nothing that it has written is left, and this is false. */
export function wholeOrNothing(writer: ReplyWriter, write: () => boolean): boolean {
  const mark = writer.length;
  try {
    if (write()) return true;
  } catch (cause) {
    // The general way meets the same, and says so.
    if (!(cause instanceof ReplyTooLarge || cause instanceof StoreError)) throw cause;
  }
  writer.truncate(mark);
  return false;
}

/** False: the general way must do it. If it was an answer to be waited for, whoever asks again is told what went wrong. */
export function letGo(answer: unknown): false {
  if (answer instanceof Promise) answer.catch(() => undefined);
  return false;
}
