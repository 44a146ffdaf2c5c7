import { describe, expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import {
  attributed,
  bigNumber,
  double,
  failure,
  map,
  nullArray,
  push,
  type Reply,
  set,
  simple,
  verbatim,
} from "./reply.ts";
import { ReplyDecoder } from "./reply-decoder.ts";

const MIB = 1024 * 1024;

/** The replies in `text`, and the error if there is one. The fed buffer is wiped afterwards. */
function feed(decoder: ReplyDecoder, text: string): (Reply | Error)[] {
  const bytes = utf8(text);
  decoder.feed(bytes);
  const seen: (Reply | Error)[] = [];
  while (decoder.next()) seen.push(decoder.reply);
  if (decoder.error !== "") seen.push(new Error(decoder.error));
  decoder.park();
  bytes.fill(0);
  return seen;
}

test.each<[string, Reply]>([
  ["+OK\r\n", simple("OK")],
  ["-ERR unknown command 'asdf'\r\n", failure("ERR unknown command 'asdf'")],
  [":0\r\n", 0],
  [":-1000\r\n", -1000],
  [":+5\r\n", 5],
  [":9223372036854775807\r\n", 9223372036854775807n],
  ["$5\r\nhello\r\n", utf8("hello")],
  ["$0\r\n\r\n", utf8("")],
  ["$4\r\n\r\n\r\n\r\n", utf8("\r\n\r\n")],
  ["$-1\r\n", null],
  ["*0\r\n", []],
  ["*2\r\n$5\r\nhello\r\n$5\r\nworld\r\n", [utf8("hello"), utf8("world")]],
  ["*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n$5\r\nhello\r\n", [1, 2, 3, 4, utf8("hello")]],
  ["*-1\r\n", nullArray],
  [
    "*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n*2\r\n+Hello\r\n-World\r\n",
    [
      [1, 2, 3],
      [simple("Hello"), failure("World")],
    ],
  ],
  ["*3\r\n$5\r\nhello\r\n$-1\r\n$5\r\nworld\r\n", [utf8("hello"), null, utf8("world")]],
])("RESP2 %j", (text, reply) => {
  expect(feed(new ReplyDecoder(), text)).toEqual([reply]);
});

test.each<[string, Reply]>([
  ["_\r\n", null],
  ["#t\r\n", true],
  ["#f\r\n", false],
  [",1.23\r\n", double(1.23)],
  [",10\r\n", double(10)],
  [",-1.5e-7\r\n", double(-1.5e-7)],
  [",inf\r\n", double(Infinity)],
  [",-inf\r\n", double(-Infinity)],
  [",nan\r\n", double(NaN)],
  [",-0\r\n", double(-0)],
  [
    "(3492890328409238509324850943850943825024385\r\n",
    bigNumber(3492890328409238509324850943850943825024385n),
  ],
  ["!21\r\nSYNTAX invalid syntax\r\n", failure("SYNTAX invalid syntax")],
  ["=15\r\ntxt:Some string\r\n", verbatim("txt", "Some string")],
  ["=6\r\nmkd:\r\n\r\n", verbatim("mkd", "\r\n")],
  [
    "%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n",
    map([
      [simple("first"), 1],
      [simple("second"), 2],
    ]),
  ],
  ["%0\r\n", map([])],
  ["~3\r\n+orange\r\n#t\r\n:100\r\n", set([simple("orange"), true, 100])],
  [">2\r\n+message\r\n$1\r\nx\r\n", push([simple("message"), utf8("x")])],
  ["|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n", attributed([[simple("ttl"), 3600]], [1])],
  ["*2\r\n|1\r\n+a\r\n%1\r\n:1\r\n:2\r\n:3\r\n:4\r\n", [attributed([[simple("a"), map([[1, 2]])]], 3), 4]],
  ["|0\r\n:1\r\n", attributed([], 1)],
])("RESP3 %j", (text, reply) => {
  expect(feed(new ReplyDecoder(), text)).toEqual([reply]);
});

test("replies of one chunk come one after the other", () => {
  expect(feed(new ReplyDecoder(), "+OK\r\n:1\r\n$1\r\nx\r\n")).toEqual([simple("OK"), 1, utf8("x")]);
});

test.each([
  ["HTTP/1.1 400 Bad Request\r\n", 'not a reply: "HTTP/1.1 400 Bad Request"'],
  ["\r\n", 'not a reply: ""'],
  [":one\r\n", 'not a reply: ":one"'],
  [":\r\n", 'not a reply: ":"'],
  ["#x\r\n", 'not a reply: "#x"'],
  ["_x\r\n", 'not a reply: "_x"'],
  [",\r\n", 'not a reply: ","'],
  [",0x10\r\n", 'not a reply: ",0x10"'],
  ["(1.5\r\n", 'not a reply: "(1.5"'],
  ["$x\r\n", 'not a length: "$x"'],
  ["$-2\r\n", 'not a length: "$-2"'],
  ["%-1\r\n", 'not a length: "%-1"'],
  ["*4294967296\r\n", 'not a length: "*4294967296"'],
  ["$?\r\n", "streamed replies are not supported"],
  ["*?\r\n", "streamed replies are not supported"],
  [";4\r\nHell\r\n", 'not a reply: ";4"'],
  ["+OK\rX", 'a line without its end: "+OK"'],
  ["$2\r\nabcd", "a string longer than announced"],
  ["=3\r\ntxt\r\n", "a verbatim string without its format"],
])("%j is an error", (text, reason) => {
  expect(feed(new ReplyDecoder(), text)).toEqual([new Error(`Protocol error: ${reason}`)]);
});

test("what follows an error is not read", () => {
  const decoder = new ReplyDecoder();
  expect(feed(decoder, "+OK\r\n?\r\n+OK\r\n")).toEqual([
    simple("OK"),
    new Error('Protocol error: not a reply: "?"'),
  ]);
  expect(feed(decoder, "+OK\r\n")).toEqual([new Error('Protocol error: not a reply: "?"')]);
});

describe("limits", () => {
  test("nesting", () => {
    expect(feed(new ReplyDecoder(), `${"*1\r\n".repeat(128)}:1\r\n`)).toHaveLength(1);
    expect(feed(new ReplyDecoder(), "*1\r\n".repeat(129))).toEqual([
      new Error("Protocol error: replies nested more than 128 deep"),
    ]);
    expect(feed(new ReplyDecoder(), "|0\r\n".repeat(129))[0]).toBeInstanceOf(Error);
  });

  test("the length of a string", () => {
    const decoder = new ReplyDecoder({ bulkBytesMax: 3 });
    expect(feed(decoder, "$3\r\nabc\r\n$4\r\n")).toEqual([
      utf8("abc"),
      new Error("Protocol error: a string of 4 bytes, more than allowed"),
    ]);
  });

  test("the length of a line", () => {
    expect(feed(new ReplyDecoder(), `+${"x".repeat(64 * 1024 - 2)}\r\n`)).toHaveLength(1);
    expect(feed(new ReplyDecoder(), `+${"x".repeat(64 * 1024)}`)).toEqual([
      new Error("Protocol error: a line of more than 65536 bytes"),
    ]);
  });

  test("what is announced costs nothing", () => {
    const decoder = new ReplyDecoder();
    feed(decoder, `*${2 ** 31 - 1}\r\n$${512 * MIB}\r\nabc`);
    expect(decoder.heldBytes).toBeLessThanOrEqual(256);
  });
});

test("a large string in small pieces is kept in little more than its size, and then let go", () => {
  const decoder = new ReplyDecoder();
  feed(decoder, `$${4 * MIB}\r\n`);
  const piece = "x".repeat(64 * 1024);
  for (let i = 1; i <= 64; i++) {
    expect(feed(decoder, piece)).toEqual([]);
    expect(decoder.heldBytes).toBeLessThanOrEqual(2 * i * piece.length);
  }
  const [reply] = feed(decoder, "\r\n+OK\r\n");
  expect(reply).toHaveLength(4 * MIB);
  expect(decoder.heldBytes).toBe(0);
});

test("the few bytes that a partial reply lacks are all that is copied of the next chunk", () => {
  const decoder = new ReplyDecoder();
  feed(decoder, "$5\r\nhel");
  decoder.feed(utf8(`lo\r\n${"+OK\r\n".repeat(10_000)}`));
  let count = 0;
  while (decoder.next()) count++;
  expect(count).toBe(10_001);
  expect(decoder.heldBytes).toBeLessThanOrEqual(1024);
});
