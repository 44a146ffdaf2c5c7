import { expect, test } from "vitest";
import { double, failure, map, type Reply, set, simple } from "../../resp/reply.ts";
import { rawReply, replyText } from "./reply-text.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test.each<[Reply, string, string]>([
  ["text", '"text"', "text"],
  [bytes(0x61, 0x00, 0x0a), '"a\\x00\\n"', "a\0\n"],
  [bytes(0xff, 0x61), '"\\xffa"', "\xffa"],
  [Buffer.from("é"), '"é"', "é"],
  [7, "(integer) 7", "7"],
  [true, "(true)", "true"],
  [null, "(nil)", ""],
  [simple("OK"), "OK", "OK"],
  [failure("ERR no"), "(error) ERR no", "ERR no"],
  [double(1.5), "(double) 1.5", "1.5"],
  [[], "(empty list)", ""],
  [[1, ["a", null]], '1) (integer) 1\n2) 1) "a"\n   2) (nil)', "1\na\n"],
  [map([["a", 1]]), '"a" => (integer) 1', "a\n1"],
  [set(["a"]), '1~ "a"', "a"],
])("%j", (reply, shown, raw) => {
  expect(replyText(reply)).toBe(shown);
  const found = Buffer.from(rawReply(reply));
  expect(reply instanceof Uint8Array && reply[0] === 0xff ? found.toString("latin1") : found.toString()).toBe(
    raw,
  );
});
