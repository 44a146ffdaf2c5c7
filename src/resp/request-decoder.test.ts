import { describe, expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { Request } from "./request.ts";
import {
  type DecodeStatus,
  EMPTY,
  NEED_MORE,
  PROTOCOL_ERROR,
  REQUEST,
  RequestDecoder,
  TOO_LARGE,
} from "./request-decoder.ts";

const MIB = 1024 * 1024;

/** Latin-1, so that any byte can be written in a test. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Everything one network event yields, as text; the fed buffer is wiped afterwards, as the network would. */
function feed(decoder: RequestDecoder, text: string): (string[] | string)[] {
  const bytes = bytesOf(text);
  const seen: (string[] | string)[] = [];
  const request = new Request();
  decoder.feed(bytes, bytes.length);
  for (;;) {
    const status = decoder.next(request);
    if (status === NEED_MORE) break;
    seen.push(describeStatus(decoder, status, request));
    if (status === PROTOCOL_ERROR) break;
  }
  decoder.park();
  bytes.fill(0);
  return seen;
}

function describeStatus(decoder: RequestDecoder, status: DecodeStatus, request: Request): string[] | string {
  if (status === REQUEST) return request.args().map((arg) => String.fromCharCode(...arg));
  if (status === EMPTY) return "empty";
  if (status === TOO_LARGE)
    return `too large: argument ${decoder.tooLargeIndex}, ${decoder.tooLargeBytes} bytes`;
  return decoder.error;
}

function decode(text: string, decoder = new RequestDecoder()): (string[] | string)[] {
  return feed(decoder, text);
}

test("a request of the specification", () => {
  expect(decode("*2\r\n$4\r\nLLEN\r\n$6\r\nmylist\r\n")).toEqual([["LLEN", "mylist"]]);
});

test("requests of one chunk come one after the other", () => {
  expect(decode("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING\r\n")).toEqual([
    ["PING"],
    ["ECHO", "hi"],
    ["PING"],
  ]);
});

test("arguments hold any bytes, line ends and none at all", () => {
  const args = ["SET", "\r\n$3\r\n", "", "\0\xff"];
  const text = `*4\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
  expect(decode(text)).toEqual([args]);
});

test("blank lines and counts up to zero are empty", () => {
  expect(decode("*0\r\n*-1\r\n*-9223372036854775808\r\n\r\n\n  \t \r\n*1\r\n$4\r\nPING\r\n")).toEqual([
    ...Array(6).fill("empty"),
    ["PING"],
  ]);
});

test("a request cut anywhere resumes where it stopped", () => {
  const text = "*3\r\n$3\r\nSET\r\n$12\r\nhello\r\nworld\r\n$0\r\n\r\n";
  for (let cut = 1; cut < text.length; cut++) {
    const decoder = new RequestDecoder();
    expect(feed(decoder, text.slice(0, cut))).toEqual([]);
    expect(feed(decoder, `${text.slice(cut)}PING\r\n`)).toEqual([["SET", "hello\r\nworld", ""], ["PING"]]);
  }
});

describe("protocol errors", () => {
  test.each([
    ["*x\r\n", "invalid multibulk length"],
    ["*+1\r\n", "invalid multibulk length"],
    ["*01\r\n", "invalid multibulk length"],
    ["*-0\r\n", "invalid multibulk length"],
    ["*\r\n", "invalid multibulk length"],
    ["* 1\r\n", "invalid multibulk length"],
    ["*1048577\r\n", "invalid multibulk length"],
    ["*-9223372036854775809\r\n", "invalid multibulk length"],
    ["*99999999999999999999999\r\n", "invalid multibulk length"],
    ["*1\r\n$-1\r\n", "invalid bulk length"],
    ["*1\r\n$\r\n", "invalid bulk length"],
    ["*1\r\n$07\r\n", "invalid bulk length"],
    ["*1\r\n$536870913\r\n", "invalid bulk length"],
    ["*1\r\n$99999999999999999999\r\n", "invalid bulk length"],
    ["*1\r\n:1\r\n", "expected '$', got ':'"],
    ["*1\r\n\r\n", "expected '$', got '\r'"],
    ['SET "a\r\n', "unbalanced quotes in request"],
    ["SET 'a'b\r\n", "unbalanced quotes in request"],
  ])("%j", (text, reason) => {
    expect(decode(text)).toEqual([`Protocol error: ${reason}`]);
  });

  test.each([
    ["a count", "*", "too big mbulk count string"],
    ["a length", "*1\r\n$", "too big bulk count string"],
    ["an inline request", "x", "too big inline request"],
  ])("%s of more than 64 KiB", (_, start, reason) => {
    expect(decode(start + "1".repeat(64 * 1024))).toEqual([`Protocol error: ${reason}`]);
    expect(decode(start + "1".repeat(64 * 1024 - 1))).toEqual([]);
  });

  test("a line of 64 KiB is not too long", () => {
    const [words] = decode(`${"x".repeat(64 * 1024)}\n`);
    expect(words?.[0]).toHaveLength(64 * 1024);
  });

  test("what follows an error is not read, ever", () => {
    const decoder = new RequestDecoder();
    expect(feed(decoder, "*1\r\n:")).toEqual([]);
    expect(feed(decoder, "1\r\n*1\r\n$4\r\nPING\r\n")).toEqual(["Protocol error: expected '$', got ':'"]);
    expect(feed(decoder, "*1\r\n$4\r\nPING\r\n")).toEqual(["Protocol error: expected '$', got ':'"]);
    expect(decoder.heldBytes).toBe(0);
  });

  test("requests before an error are still returned", () => {
    expect(decode("PING\r\n*1\r\n!")).toEqual([["PING"]]);
    expect(decode("PING\r\n*1\r\n!\r\n")).toEqual([["PING"], "Protocol error: expected '$', got '!'"]);
  });

  test("a request that would keep more than allowed is refused when the length is announced", () => {
    const decoder = new RequestDecoder({ requestBytesMax: 100 });
    expect(decode(`*2\r\n$40\r\n${"x".repeat(40)}\r\n$30\r\n${"y".repeat(30)}\r\n`, decoder)).toHaveLength(1);
    expect(decode(`*2\r\n$40\r\n${"x".repeat(40)}\r\n$60\r\n`, decoder)).toEqual([
      "Protocol error: too big request",
    ]);
  });
});

describe("before authentication", () => {
  const unauthenticated = (): RequestDecoder => {
    const decoder = new RequestDecoder();
    decoder.authenticated = false;
    return decoder;
  };
  const bulk = (length: number): string => `$${length}\r\n${"x".repeat(length)}\r\n`;

  test("ten arguments of 16 KiB are the most", () => {
    expect(decode(`*10\r\n${bulk(16384).repeat(10)}`, unauthenticated())).toHaveLength(1);
    expect(decode("*11\r\n", unauthenticated())).toEqual([
      "Protocol error: unauthenticated multibulk length",
    ]);
    expect(decode("*1\r\n$16385\r\n", unauthenticated())).toEqual([
      "Protocol error: unauthenticated bulk length",
    ]);
  });

  test("the limits end with it", () => {
    const decoder = unauthenticated();
    decode("*1\r\n$4\r\nAUTH\r\n", decoder);
    decoder.authenticated = true;
    expect(decode(`*11\r\n${bulk(16385).repeat(11)}`, decoder)).toHaveLength(1);
  });
});

describe("arguments past the limit", () => {
  test("the request is skipped whole and the next one decoded", () => {
    const decoder = new RequestDecoder({ valueBytesMax: 5 });
    const text = "*3\r\n$3\r\nSET\r\n$6\r\n123456\r\n$7\r\n1234567\r\n*1\r\n$4\r\nPING\r\n";
    expect(decode(text, decoder)).toEqual(["too large: argument 1, 6 bytes", ["PING"]]);
  });

  test("cut anywhere", () => {
    const text = "*3\r\n$3\r\nSET\r\n$6\r\n123456\r\n$1\r\nx\r\nPING\r\n";
    for (let cut = 1; cut < text.length; cut++) {
      const decoder = new RequestDecoder({ valueBytesMax: 5 });
      const seen = [...feed(decoder, text.slice(0, cut)), ...feed(decoder, text.slice(cut))];
      expect(seen).toEqual(["too large: argument 1, 6 bytes", ["PING"]]);
    }
  });

  test("nothing of it is kept", () => {
    const decoder = new RequestDecoder({ valueBytesMax: MIB });
    feed(decoder, `*3\r\n$3\r\nSET\r\n$${400 * MIB}\r\n`);
    const piece = "x".repeat(MIB);
    for (let i = 0; i < 10; i++) {
      expect(feed(decoder, piece)).toEqual([]);
      expect(decoder.heldBytes).toBe(0);
    }
  });

  test("an error in the rest of it is an error", () => {
    const decoder = new RequestDecoder({ valueBytesMax: 5 });
    expect(decode("*3\r\n$6\r\n123456\r\n$x\r\n", decoder)).toEqual(["Protocol error: invalid bulk length"]);
  });

  test("inline words too", () => {
    const decoder = new RequestDecoder({ valueBytesMax: 5 });
    expect(decode("SET a 123456\r\nPING\r\n", decoder)).toEqual(["too large: argument 2, 6 bytes", ["PING"]]);
  });

  test("512 MiB is the most that may be announced", () => {
    const decoder = new RequestDecoder({ valueBytesMax: 5 });
    expect(decode(`*1\r\n$${512 * MIB}\r\n`, decoder)).toEqual([]);
    expect(decode(`*1\r\n$${512 * MIB + 1}\r\n`)).toEqual(["Protocol error: invalid bulk length"]);
  });
});

describe("memory", () => {
  test("a connection without a partial request holds none", () => {
    const decoder = new RequestDecoder();
    feed(decoder, "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPI");
    expect(decoder.heldBytes).toBeGreaterThan(0);
    expect(decoder.pendingBytes).toBe(10);
    feed(decoder, "NG\r\n");
    expect(decoder.heldBytes).toBe(0);
    expect(decoder.pendingBytes).toBe(0);
  });

  test("what is announced costs nothing", () => {
    const decoder = new RequestDecoder();
    feed(decoder, `*1048576\r\n$${64 * MIB}\r\nabc`);
    expect(decoder.heldBytes).toBeLessThanOrEqual(256);
  });

  test("a large value is kept in little more than its size, and let go with its request", () => {
    const decoder = new RequestDecoder();
    const value = "v".repeat(8 * MIB);
    const request = new Request();
    const stream = utf8(`*2\r\n$3\r\nSET\r\n$${value.length}\r\n${value}\r\n`);
    const shared = new Uint8Array(64 * 1024);
    for (let at = 0; at < stream.length; at += shared.length) {
      const piece = stream.subarray(at, at + shared.length);
      shared.set(piece);
      decoder.feed(shared, piece.length);
      const status = decoder.next(request);
      expect(decoder.heldBytes).toBeLessThanOrEqual(2 * (at + piece.length) + 256);
      if (at + piece.length < stream.length) expect(status).toBe(NEED_MORE);
      else expect([status, request.arg(1).length]).toEqual([REQUEST, value.length]);
      if (status === REQUEST) {
        expect(decoder.heldBytes).toBe(stream.length);
        expect([decoder.next(request), decoder.heldBytes]).toEqual([NEED_MORE, 0]);
      }
      decoder.park();
    }
    expect(decoder.heldBytes).toBe(0);
  });

  test("the few bytes that a partial request lacks are all that is copied of the next chunk", () => {
    const decoder = new RequestDecoder();
    const request = new Request();
    feed(decoder, "*1\r\n$4\r\nPI");
    const chunk = utf8(`NG\r\n${"*1\r\n$4\r\nPING\r\n".repeat(4000)}`);
    decoder.feed(chunk, chunk.length);
    let count = 0;
    while (decoder.next(request) === REQUEST) count++;
    expect(count).toBe(4001);
    expect(decoder.heldBytes).toBeLessThanOrEqual(1024);
  });

  test("a closed connection holds none, and nothing comes of what it had sent", () => {
    const decoder = new RequestDecoder();
    feed(decoder, "*2\r\n$1\r\na\r\n$3\r\nb");
    decoder.release();
    expect([decoder.heldBytes, decoder.pendingBytes]).toEqual([0, 0]);
    expect(decoder.next(new Request())).toBe(NEED_MORE);
  });

  test("the shared request lets go of a large request's offsets", () => {
    const decoder = new RequestDecoder();
    const request = new Request();
    const large = utf8(`*5000\r\n${"$1\r\nx\r\n".repeat(5000)}`);
    decoder.feed(large, large.length);
    expect(decoder.next(request)).toBe(REQUEST);
    expect(request.argCount).toBe(5000);
    decoder.park();
    decoder.feed(utf8("*1\r\n$4\r\nPING\r\n"), 14);
    decoder.next(request);
    expect(request.starts).toHaveLength(1);
  });
});

describe("offsets that a shared request lends", () => {
  const partial = "*2\r\n$1\r\na\r\n";
  const sendTo = (decoder: RequestDecoder, request: Request, text: string): void => {
    const bytes = bytesOf(text);
    decoder.feed(bytes, bytes.length);
    while (decoder.next(request) === REQUEST);
    decoder.park();
  };
  const large = (argCount: number): string => `*${argCount}\r\n${"$1\r\nx\r\n".repeat(argCount)}`;

  test("are given up by an idle connection", () => {
    const request = new Request();
    const decoder = new RequestDecoder();
    sendTo(decoder, request, partial);
    sendTo(new RequestDecoder(), request, large(1000));
    sendTo(decoder, request, "$1\r\nb\r\n");
    sendTo(decoder, request, partial);
    expect(request.starts).toHaveLength(0);
  });

  test("are not those of another connection's large request", () => {
    const request = new Request();
    const decoder = new RequestDecoder();
    sendTo(decoder, request, partial);
    sendTo(new RequestDecoder(), request, large(5000));
    sendTo(decoder, request, `$1\r\nb\r\n${partial}`);
    expect(request.starts).toHaveLength(0);
  });
});

describe("park in the middle of a buffer", () => {
  test("the rest is returned later, and what arrives meanwhile after it", () => {
    const decoder = new RequestDecoder();
    const request = new Request();
    const first = utf8("*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n*2\r\n$1\r\nc\r\n$1\r");
    decoder.feed(first, first.length);
    expect(decoder.next(request)).toBe(REQUEST);
    decoder.park();
    first.fill(0);
    const second = utf8("\nd\r\n*1\r\n$1\r\ne\r\n");
    decoder.feed(second, second.length);
    decoder.park();
    second.fill(0);
    const names: string[] = [];
    while (decoder.next(request) === REQUEST) names.push(request.args().map(String).join(" "));
    expect(names).toEqual(["98", "99 100", "101"]);
    expect(decoder.pendingBytes).toBe(0);
  });

  test("one connection's partial request does not disturb another's, sharing one Request", () => {
    const request = new Request();
    const decoders = Array.from({ length: 20 }, () => new RequestDecoder());
    const streams = decoders.map((_, i) =>
      utf8(`*3\r\n$3\r\nSET\r\n$${i + 1}\r\n${"k".repeat(i + 1)}\r\n$1\r\n${i % 10}\r\n`),
    );
    const seen: string[] = [];
    for (let at = 0; at < 60; at++) {
      for (const [i, decoder] of decoders.entries()) {
        const piece = streams[i]!.slice(at, at + 1);
        decoder.feed(piece, piece.length);
        if (decoder.next(request) === REQUEST)
          seen.push(`${request.text(0)} ${request.arg(1).length} ${request.text(2)}`);
        decoder.park();
        piece.fill(0);
      }
    }
    expect(seen).toEqual(decoders.map((_, i) => `SET ${i + 1} ${i % 10}`));
  });
});
