import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { toText, utf8 } from "../base/bytes.ts";
import { ReplyTooLarge, ReplyWriter } from "./reply-writer.ts";

function written(protocol: 2 | 3, write: (writer: ReplyWriter) => void): string {
  const writer = new ReplyWriter();
  writer.protocol = protocol;
  write(writer);
  return toText(writer.view());
}

test.each<[string, (writer: ReplyWriter) => void, string, string]>([
  ["OK", (w) => w.ok(), "+OK\r\n", "+OK\r\n"],
  ["a simple string", (w) => w.simple("PONG"), "+PONG\r\n", "+PONG\r\n"],
  ["an error", (w) => w.error("ERR no"), "-ERR no\r\n", "-ERR no\r\n"],
  ["an error of Unicode", (w) => w.error("ERR é€"), "-ERR é€\r\n", "-ERR é€\r\n"],
  ["an integer", (w) => w.integer(1000), ":1000\r\n", ":1000\r\n"],
  ["a negative integer", (w) => w.integer(-1), ":-1\r\n", ":-1\r\n"],
  [
    "a 64-bit integer",
    (w) => w.integer(-(2n ** 63n)),
    ":-9223372036854775808\r\n",
    ":-9223372036854775808\r\n",
  ],
  ["a bulk string", (w) => w.bulk(utf8("hello")), "$5\r\nhello\r\n", "$5\r\nhello\r\n"],
  ["an empty bulk string", (w) => w.bulk(new Uint8Array(0)), "$0\r\n\r\n", "$0\r\n\r\n"],
  ["part of a buffer", (w) => w.bulkRange(utf8("<hello>"), 1, 6), "$5\r\nhello\r\n", "$5\r\nhello\r\n"],
  ["a bulk string of text", (w) => w.bulkText("hello"), "$5\r\nhello\r\n", "$5\r\nhello\r\n"],
  ["a bulk string of Unicode", (w) => w.bulkText("aé€😀"), "$10\r\naé€😀\r\n", "$10\r\naé€😀\r\n"],
  ["null", (w) => w.nullBulk(), "$-1\r\n", "_\r\n"],
  ["the null array", (w) => w.nullArray(), "*-1\r\n", "_\r\n"],
  ["an array", (w) => w.arrayHeader(12), "*12\r\n", "*12\r\n"],
  ["a map", (w) => w.mapHeader(6), "*12\r\n", "%6\r\n"],
  ["a set", (w) => w.setHeader(3), "*3\r\n", "~3\r\n"],
  ["a push", (w) => w.pushHeader(3), "*3\r\n", ">3\r\n"],
  ["a double", (w) => w.double(0.1), "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n"],
  ["infinity", (w) => w.double(-Infinity), "$4\r\n-inf\r\n", ",-inf\r\n"],
  ["not a number", (w) => w.double(NaN), "$3\r\nnan\r\n", ",nan\r\n"],
  [
    "a big number",
    (w) => w.bigNumber(-(10n ** 20n)),
    "$22\r\n-100000000000000000000\r\n",
    "(-100000000000000000000\r\n",
  ],
  ["true", (w) => w.boolean(true), ":1\r\n", "#t\r\n"],
  ["false", (w) => w.boolean(false), ":0\r\n", "#f\r\n"],
  [
    "verbatim text",
    (w) => w.verbatim("txt", utf8("Some string")),
    "$11\r\nSome string\r\n",
    "=15\r\ntxt:Some string\r\n",
  ],
  ["a blob error", (w) => w.blobError("SYNTAX a\r\nb"), "-SYNTAX a  b\r\n", "!11\r\nSYNTAX a\r\nb\r\n"],
  ["encoded bytes", (w) => w.raw(utf8(":1\r\n")), ":1\r\n", ":1\r\n"],
])("%s", (_, write, resp2, resp3) => {
  expect(written(2, write)).toBe(resp2);
  expect(written(3, write)).toBe(resp3);
});

test("an attribute is written in RESP3, and in RESP2 nothing of it", () => {
  const write = (writer: ReplyWriter): void => {
    writer.attribute(1, (w) => {
      w.simple("ttl");
      w.integer(3600);
    });
    writer.integer(5);
  };
  expect(written(3, write)).toBe("|1\r\n+ttl\r\n:3600\r\n:5\r\n");
  expect(written(2, write)).toBe(":5\r\n");
});

test("line ends in a line become blanks, so no text can forge a reply", () => {
  expect(written(2, (w) => w.error("ERR a\r\n+OK\r\n"))).toBe("-ERR a  +OK  \r\n");
  expect(written(2, (w) => w.simple("é\r\n+OK"))).toBe("+é  +OK\r\n");
});

test("an error repeats any bytes as they were, given as Latin-1", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const writer = new ReplyWriter();
  writer.error(Buffer.from(bytes).toString("latin1"));
  const blanked = bytes.map((byte) => (byte === 0x0d || byte === 0x0a ? 0x20 : byte));
  expect(Buffer.from(writer.view())).toEqual(Buffer.concat([utf8("-"), blanked, utf8("\r\n")]));
});

test("any integer, and any length", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(written(2, (w) => w.integer(value))).toBe(`:${value}\r\n`);
    }),
  );
  for (let power = 1; power < 2 ** 53; power *= 10) {
    for (const value of [power - 1, power, power + 1]) {
      expect(written(2, (w) => w.arrayHeader(value))).toBe(`*${value}\r\n`);
    }
  }
});

test("an integer reply that is no integer is a bug", () => {
  expect(() => new ReplyWriter().integer(0.5)).toThrow(AssertionError);
  expect(() => new ReplyWriter().integer(NaN)).toThrow(AssertionError);
});

test("a payload of any length arrives whole, from any place of its buffer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 10 }), (bytes, start) => {
      const end = Math.max(start, bytes.length - start);
      const source = new Uint8Array([...bytes, ...new Uint8Array(20)]);
      const writer = new ReplyWriter();
      writer.bulkRange(source, start, end);
      const head = `$${end - start}\r\n`.length;
      expect(writer.view().subarray(head, -2)).toEqual(source.subarray(start, end));
    }),
  );
});

describe("the buffer", () => {
  test("grows with the replies and keeps what was written", () => {
    const writer = new ReplyWriter();
    writer.ok();
    writer.bulk(new Uint8Array(300_000).fill(0x78));
    for (let i = 0; i < 50_000; i++) writer.integer(i);
    const text = toText(writer.view());
    expect(text.startsWith("+OK\r\n$300000\r\nxxx")).toBe(true);
    expect(text).toContain("xxx\r\n:0\r\n:1\r\n:2\r\n");
    expect(text.endsWith(":49999\r\n")).toBe(true);
  });

  test("is kept by reset, unless it has become huge", () => {
    const writer = new ReplyWriter();
    const { bytes } = writer;
    writer.ok();
    writer.reset();
    expect([writer.bytes === bytes, writer.length]).toEqual([true, 0]);
    writer.bulk(new Uint8Array(4 * 1024 * 1024));
    expect(writer.capacityBytes).toBeGreaterThan(4 * 1024 * 1024);
    writer.reset();
    expect(writer.capacityBytes).toBe(64 * 1024);
  });

  test("taken replies do not change with what is written next, few or many", () => {
    for (const size of [10, 60_000]) {
      const writer = new ReplyWriter();
      writer.bulk(new Uint8Array(size).fill(0x61));
      const taken = writer.take();
      const before = toText(taken);
      expect([before.length, writer.length]).toEqual([taken.length, 0]);
      writer.bulk(new Uint8Array(size).fill(0x62));
      expect(toText(taken)).toBe(before);
    }
  });

  test("a few taken bytes do not hold a whole buffer", () => {
    const writer = new ReplyWriter();
    writer.ok();
    expect(writer.take().buffer.byteLength).toBe(5);
  });

  test("abandoned replies stay as they are", () => {
    const writer = new ReplyWriter();
    writer.ok();
    const view = writer.view();
    writer.abandon();
    writer.integer(12345);
    expect(toText(view)).toBe("+OK\r\n");
  });

  test("part of a reply can be taken back", () => {
    const writer = new ReplyWriter();
    writer.ok();
    const mark = writer.length;
    writer.arrayHeader(2);
    writer.truncate(mark);
    writer.integer(1);
    expect(toText(writer.view())).toBe("+OK\r\n:1\r\n");
  });
});

describe("a limit", () => {
  test.each([1000, 100_000])("of %i bytes is not exceeded", (bytesMax) => {
    const writer = new ReplyWriter();
    writer.bytesMax = bytesMax;
    writer.ok();
    const mark = writer.length;
    expect(() => writer.bulk(new Uint8Array(bytesMax))).toThrow(ReplyTooLarge);
    writer.truncate(mark);
    writer.bulk(new Uint8Array(bytesMax - 100));
    expect(writer.length).toBeLessThanOrEqual(bytesMax);
  });

  test("holds for many small replies too, and anew after a reset", () => {
    const writer = new ReplyWriter();
    writer.bytesMax = 500;
    const fill = (): void => {
      for (let i = 0; i < 500; i++) writer.simple("x");
    };
    expect(fill).toThrow(ReplyTooLarge);
    expect(writer.length).toBeLessThanOrEqual(500);
    writer.reset();
    expect(() => writer.ok()).not.toThrow();
  });
});

test("bulk strings from one buffer again and again are those of bulkRange, whatever becomes of the writer's own", () => {
  const source = Uint8Array.from({ length: 400 }, (_, i) => i);
  const writer = new ReplyWriter();
  const expected = new ReplyWriter();
  const compare = (): void => expect(writer.view()).toEqual(expected.view());
  for (let i = 0; i < 3000; i++) {
    const length = (i * 7) % 300; // some beyond what goes by words; all of them beyond the first buffer
    writer.bulkKept(source, i % 100, (i % 100) + length);
    expected.bulkRange(source, i % 100, (i % 100) + length);
  }
  compare();
  for (const startAnew of ["abandon", "reset", "take"] as const) {
    for (const each of [writer, expected]) each[startAnew]();
    writer.bulkKept(source, 5, 105);
    expected.bulkRange(source, 5, 105);
    compare();
  }
  writer.forgetSources();
  writer.bulkKept(source, 5, 105);
  expected.bulkRange(source, 5, 105);
  compare();
});
