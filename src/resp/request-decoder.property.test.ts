/** Any stream of requests, sane or not, decodes the same however it is cut and whenever decoding pauses. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Request } from "./request.ts";
import { EMPTY, NEED_MORE, PROTOCOL_ERROR, REQUEST, RequestDecoder, TOO_LARGE } from "./request-decoder.ts";

const LIMITS = { valueBytesMax: 40, requestBytesMax: 120 };

interface Feeding {
  /** Lengths of the chunks, over and over. */
  readonly chunkLengths: readonly number[];
  /** Requests taken per chunk, over and over: what is more waits, parked, as behind a slow command. */
  readonly requestsPerChunk: readonly number[];
  readonly authenticated: boolean;
}

interface Outcome {
  readonly seen: readonly string[];
  /** Most memory held per byte fed so far, and that at the end. */
  readonly heldPerFed: number;
  readonly leftBytes: number;
}

function decode(stream: Uint8Array, feeding: Feeding): Outcome {
  const decoder = new RequestDecoder(LIMITS);
  decoder.authenticated = feeding.authenticated;
  const request = new Request();
  const seen: string[] = [];
  let heldPerFed = 0;
  const take = (countMax: number): void => {
    for (let i = 0; i < countMax; i++) {
      const text = takeOne(decoder, request);
      if (text !== undefined) seen.push(text);
      if (text === undefined || text.startsWith("Protocol error")) return;
    }
  };
  let turn = 0;
  for (let at = 0; at < stream.length; turn++) {
    const chunk = stream.slice(at, at + feeding.chunkLengths[turn % feeding.chunkLengths.length]!);
    at += chunk.length;
    decoder.feed(chunk, chunk.length);
    take(feeding.requestsPerChunk[turn % feeding.requestsPerChunk.length]!);
    decoder.park();
    chunk.fill(0x2a);
    heldPerFed = Math.max(heldPerFed, (decoder.heldBytes - 256) / at);
  }
  take(Number.POSITIVE_INFINITY);
  decoder.park();
  return { seen: untilError(seen), heldPerFed, leftBytes: decoder.pendingBytes };
}

function takeOne(decoder: RequestDecoder, request: Request): string | undefined {
  const status = decoder.next(request);
  if (status === NEED_MORE) return undefined;
  if (status === REQUEST) return JSON.stringify(request.args().map((arg) => String.fromCharCode(...arg)));
  if (status === EMPTY) return "empty";
  if (status === TOO_LARGE) return `too large: ${decoder.tooLargeIndex} ${decoder.tooLargeBytes}`;
  expect(status).toBe(PROTOCOL_ERROR);
  return decoder.error;
}

/** The error is told again whenever the decoder is asked again. */
function untilError(seen: readonly string[]): readonly string[] {
  const first = seen.findIndex((text) => text.startsWith("Protocol error"));
  return first === -1 ? seen : seen.slice(0, first + 1);
}

const atOnce: Omit<Feeding, "authenticated"> = {
  chunkLengths: [Number.MAX_SAFE_INTEGER],
  requestsPerChunk: [Number.POSITIVE_INFINITY],
};

const feedings: fc.Arbitrary<Omit<Feeding, "authenticated">> = fc.record({
  chunkLengths: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
  requestsPerChunk: fc.array(fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY), {
    minLength: 1,
    maxLength: 4,
  }),
});

const argument = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ maxLength: 60 }));

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function encode(args: readonly Uint8Array[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${latin1(arg)}\r\n`).join("")}`;
}

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.array(argument, { maxLength: 5 }).map(encode) },
  { weight: 1, arbitrary: fc.array(argument, { minLength: 8, maxLength: 14 }).map(encode) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("PING\r\n", "SET a 'b c'\n", "\r\n", '"\\x41"b\r\n', "*-1\r\n", "x '\n"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("*3\r\n", "$4\r\n", "*", "$", "\r", "\n", "-", "*1\r\n$999\r\n", "\0"),
  },
);

const streams = fc
  .tuple(
    fc.array(piece, { maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom("cut", "flip", "insert"), fc.nat(255)), { maxLength: 3 }),
  )
  .map(([pieces, mutations]) => {
    const bytes = Array.from(pieces.join(""), (character) => character.charCodeAt(0));
    for (const [where, kind, byte] of mutations) {
      const at = where % (bytes.length + 1);
      if (kind === "cut") bytes.splice(at, 1);
      else if (kind === "insert") bytes.splice(at, 0, byte);
      else if (at < bytes.length) bytes[at] = byte;
    }
    return Uint8Array.from(bytes);
  });

test("well-formed requests come out as they went in, cut and paused anywhere", () => {
  const small = fc.uint8Array({ maxLength: 20 });
  const requests = fc.array(fc.array(small, { minLength: 1, maxLength: 4 }), { maxLength: 10 });
  fc.assert(
    fc.property(requests, feedings, (sent, feeding) => {
      const stream = Uint8Array.from(sent.map(encode).join(""), (character) => character.charCodeAt(0));
      const { seen, leftBytes } = decode(stream, { ...feeding, authenticated: true });
      expect(seen).toEqual(sent.map((args) => JSON.stringify(args.map(latin1))));
      expect(leftBytes).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test("mutated streams decode the same cut and paused anywhere as at once", () => {
  fc.assert(
    fc.property(streams, feedings, fc.boolean(), (stream, feeding, authenticated) => {
      const { seen } = decode(stream, { ...feeding, authenticated });
      expect(seen).toEqual(decode(stream, { ...atOnce, authenticated }).seen);
    }),
    { numRuns: 3000 },
  );
});

test("the memory held is bounded by the bytes fed", () => {
  fc.assert(
    fc.property(streams, feedings, (stream, feeding) => {
      // A buffer of twice their number, and the offsets of arguments, each of six bytes at least.
      const bound = 2 + 16 / 6;
      expect(decode(stream, { ...feeding, authenticated: true }).heldPerFed).toBeLessThanOrEqual(bound);
    }),
    { numRuns: 500 },
  );
});

test("random bytes never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), feedings, (stream, feeding) => {
      decode(stream, { ...feeding, authenticated: true });
    }),
    { numRuns: 1000 },
  );
});

test("a million arguments in small pieces take linear time", { timeout: 5000 }, () => {
  const decoder = new RequestDecoder();
  const request = new Request();
  const argCount = 1024 * 1024;
  const stream = Uint8Array.from(`*${argCount}\r\n${"$1\r\nx\r\n".repeat(argCount)}`, (c) => c.charCodeAt(0));
  const shared = new Uint8Array(256);
  let status: number = NEED_MORE;
  for (let at = 0; at < stream.length; at += shared.length) {
    const length = Math.min(shared.length, stream.length - at);
    shared.set(stream.subarray(at, at + length));
    decoder.feed(shared, length);
    status = decoder.next(request);
    if (at + length < stream.length) decoder.park();
  }
  expect(status).toBe(REQUEST);
  expect(request.argCount).toBe(argCount);
  expect(
    request.ends.every((end, i) => end - request.starts[i]! === 1 && request.bytes[end - 1] === 0x78),
  ).toBe(true);
  decoder.park();
  expect(decoder.heldBytes).toBe(0);
});
