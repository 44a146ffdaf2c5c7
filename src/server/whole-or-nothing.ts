/** For replies that are written part by part. */
import type { ReplyWriter } from "../resp/reply-writer.ts";

/** Runs `write`; if it is false, or throws, nothing that it has written is left, and this is false. */
export function wholeOrNothing(writer: ReplyWriter, write: () => boolean): boolean {
  const mark = writer.length;
  try {
    if (write()) return true;
  } catch {
    // The general way meets the same, and says so.
  }
  writer.truncate(mark);
  return false;
}
