import fc from "fast-check";
import { expect, test } from "vitest";
import { writeReply } from "../resp/reply.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import { BulkList } from "./bulk-list.ts";

test("replies as an array of the same bulk strings does", () => {
  const long = fc.integer({ min: 0, max: 3_000 }).map((length) => new Uint8Array(length).fill(length));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array(), long)), (strings) => {
      const list = new BulkList();
      for (const bytes of strings)
        list.add(Buffer.concat([Buffer.from("<"), bytes, Buffer.from(">")]), 1, bytes.length + 1);
      const [expected, actual] = [new ReplyWriter(), new ReplyWriter()];
      writeReply(expected, strings);
      writeReply(actual, list.reply());
      expect(Buffer.compare(actual.view(), expected.view())).toBe(0);
      expect(list.byteCount).toBe(
        strings.reduce((sum, { length }) => sum + `$${length}\r\n\r\n`.length + length, 0),
      );
    }),
  );
});
