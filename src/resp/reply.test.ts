import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import {
  attributed,
  bigNumber,
  double,
  failure,
  failureCode,
  isFailure,
  map,
  nullArray,
  OK,
  push,
  type Reply,
  set,
  simple,
  verbatim,
  writeReply,
} from "./reply.ts";
import { ReplyWriter } from "./reply-writer.ts";

function written(protocol: 2 | 3, reply: Reply): string {
  const writer = new ReplyWriter();
  writer.protocol = protocol;
  writeReply(writer, reply);
  return toText(writer.view());
}

test.each<[string, Reply, string, string]>([
  ["text", "é", "$2\r\né\r\n", "$2\r\né\r\n"],
  ["bytes", utf8("ab"), "$2\r\nab\r\n", "$2\r\nab\r\n"],
  ["a number", -7, ":-7\r\n", ":-7\r\n"],
  ["a bigint", 2n ** 62n, ":4611686018427387904\r\n", ":4611686018427387904\r\n"],
  ["null", null, "$-1\r\n", "_\r\n"],
  ["the null array", nullArray, "*-1\r\n", "_\r\n"],
  ["a boolean", true, ":1\r\n", "#t\r\n"],
  ["OK", OK, "+OK\r\n", "+OK\r\n"],
  ["a status", simple("QUEUED"), "+QUEUED\r\n", "+QUEUED\r\n"],
  ["an error", failure("WRONGTYPE x"), "-WRONGTYPE x\r\n", "-WRONGTYPE x\r\n"],
  ["a double", double(2.5), "$3\r\n2.5\r\n", ",2.5\r\n"],
  ["a big number", bigNumber(5n), "$1\r\n5\r\n", "(5\r\n"],
  ["verbatim text", verbatim("mkd", "# é"), "$4\r\n# é\r\n", "=8\r\nmkd:# é\r\n"],
  ["an array", [1, [null]], "*2\r\n:1\r\n*1\r\n$-1\r\n", "*2\r\n:1\r\n*1\r\n_\r\n"],
  [
    "a map",
    map([
      ["a", 1],
      ["b", []],
    ]),
    "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*0\r\n",
    "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*0\r\n",
  ],
  ["a set", set([1, 2]), "*2\r\n:1\r\n:2\r\n", "~2\r\n:1\r\n:2\r\n"],
  [
    "a push",
    push(["invalidate", null]),
    "*2\r\n$10\r\ninvalidate\r\n$-1\r\n",
    ">2\r\n$10\r\ninvalidate\r\n_\r\n",
  ],
  ["attributes", [attributed([["ttl", 9]], 1)], "*1\r\n:1\r\n", "*1\r\n|1\r\n$3\r\nttl\r\n:9\r\n:1\r\n"],
])("%s", (_, reply, resp2, resp3) => {
  expect(written(2, reply)).toBe(resp2);
  expect(written(3, reply)).toBe(resp3);
});

test("an error is told from other replies, and by its code", () => {
  expect(isFailure(failure("NOAUTH Authentication required."))).toBe(true);
  expect([OK, null, "ERR", [failure("ERR")], utf8("ERR")].some(isFailure)).toBe(false);
  expect(failureCode(failure("NOAUTH Authentication required."))).toBe("NOAUTH");
  expect(failureCode("ERR x")).toBe("");
});
