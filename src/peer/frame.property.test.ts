import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { checksum } from "./checksum.ts";
import { FRAME_KIND, type FrameKind, HEADER_BYTES } from "./frame.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { FrameWriter } from "./frame-writer.ts";

const PAYLOAD_BYTES_MAX = 2_000;

interface Frame {
  readonly kind: FrameKind;
  readonly method: number;
  readonly requestId: number;
  readonly payload: readonly number[];
}

const frame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom(...Object.values(FRAME_KIND)),
  method: fc.integer({ min: 0, max: 0xffff }),
  requestId: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc
    .uint8Array({ maxLength: PAYLOAD_BYTES_MAX, size: "medium" })
    .map((bytes): readonly number[] => [...bytes]),
});

function encode(frames: readonly Frame[]): Uint8Array {
  const writer = new FrameWriter();
  for (const { kind, method, requestId, payload } of frames) {
    writer.begin(kind, method, requestId);
    writer.bytes(Uint8Array.from(payload));
    writer.end();
  }
  return writer.view().slice();
}

/** Decodes `bytes` from one shared buffer, which is scrubbed between events, as the network's is. */
function decode(bytes: Uint8Array, cuts: readonly number[], decoder: FrameDecoder): Frame[] {
  const frames: Frame[] = [];
  const shared = new Uint8Array(bytes.length);
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
  let at = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    shared.set(bytes.subarray(at, end));
    decoder.feed(shared, end - at);
    while (decoder.next()) frames.push(copyOf(decoder));
    decoder.park();
    shared.fill(0xdb);
    at = end;
  }
  return frames;
}

function copyOf({ kind, method, requestId, payload: { bytes, start, end } }: FrameDecoder): Frame {
  return { kind, method, requestId, payload: [...bytes.subarray(start, end)] };
}

test("frames come out as they went in, however the bytes are cut", () => {
  const cuts = fc.array(fc.nat(), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), cuts, (frames, at) => {
      expect(decode(encode(frames), at, new FrameDecoder(PAYLOAD_BYTES_MAX))).toEqual(frames);
    }),
  );
});

test("byte by byte, too, and then nothing is held", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 3 }), (frames) => {
      const decoder = new FrameDecoder(PAYLOAD_BYTES_MAX);
      const bytes = encode(frames);
      const everywhere = Array.from({ length: bytes.length }, (_, i) => i);
      expect(decode(bytes, everywhere, decoder)).toEqual(frames);
      expect(decoder.heldBytes).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test("any flipped bit is found in the very frame that has it, at once", () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), (original, position, cuts) => {
      const bytes = encode([original]);
      const bit = position % (bytes.length * 8);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      let failure: unknown;
      try {
        decode(bytes, cuts, new FrameDecoder(PAYLOAD_BYTES_MAX));
      } catch (cause) {
        failure = cause;
      }
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ code: "CORRUPTION" });
    }),
    { numRuns: 500 },
  );
});

test("random bytes are no frames", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: 200 }), (bytes) => {
      const whole = Uint8Array.of(...bytes, ...new Uint8Array(200)); // no frame that may be so long waits for more
      expect(() => decode(whole, [], new FrameDecoder(150))).toThrow(StoreError);
    }),
    { examples: [[new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]] },
  );
});

test("the checksum is zlib's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), (bytes, from) => {
      const start = Math.min(from, bytes.length);
      expect(checksum(bytes, start, bytes.length) >>> 0).toBe(crc32(bytes.subarray(start)));
    }),
  );
});

describe("limits", () => {
  const largest: Frame = { kind: 2, method: 0, requestId: 1, payload: new Array<number>(100).fill(7) };

  test("a payload of the largest size passes, one byte more does not", () => {
    expect(decode(encode([largest]), [], new FrameDecoder(100))).toEqual([largest]);
    expect(() => decode(encode([largest]), [], new FrameDecoder(99))).toThrow(
      /100 bytes is longer than the 99/,
    );
  });

  test("what is too long is refused when its header has come, before any memory is spent on it", () => {
    const header = encode([largest]).subarray(0, HEADER_BYTES);
    expect(() => decode(header, [], new FrameDecoder(99))).toThrow(StoreError);
  });

  test("memory grows with what has come, not with what is announced", () => {
    const decoder = new FrameDecoder(2 ** 30);
    const long = encode([{ ...largest, payload: new Array<number>(1_000_000).fill(7) }]);
    decode(long.subarray(0, 5_000), [], decoder);
    expect(decoder.heldBytes).toBeLessThan(20_000);
  });
});

describe("the writer", () => {
  test("puts fields as the format says", () => {
    const writer = new FrameWriter();
    writer.begin(FRAME_KIND.request, 0x0102, 0x03040506);
    writer.uint8(1);
    writer.uint16(0x0203);
    writer.uint32(0xfffefdfc);
    writer.uint64(2 ** 40 + 5);
    writer.float64(1.5);
    writer.range(Uint8Array.of(9, 8, 7), 1, 3);
    writer.end();
    const bytes = Buffer.from(writer.view());
    expect(bytes.subarray(8, 16).toString("hex")).toBe("028c020106050403");
    expect(bytes.subarray(16).toString("hex")).toBe("010302fcfdfeff0500000000010000000000000000f83f0807");
  });

  test("writes the example of the format's description", () => {
    const writer = new FrameWriter();
    writer.begin(FRAME_KIND.request, 1, 7);
    writer.bytes(new TextEncoder().encode("hi"));
    writer.end();
    const pages = readFileSync(new URL("../../docs/formats/peer-protocol.md", import.meta.url), "utf8");
    expect(pages.replaceAll(" ", "")).toContain(Buffer.from(writer.view()).toString("hex"));
  });

  test("takes back a frame that was begun, and leaves out frames on request", () => {
    const writer = new FrameWriter();
    for (const requestId of [1, 2, 3]) {
      writer.begin(FRAME_KIND.request, 0, requestId);
      writer.bytes(new Uint8Array(requestId));
      writer.end();
    }
    writer.begin(FRAME_KIND.request, 0, 4);
    writer.cancel();
    writer.filter((kind, requestId) => kind === FRAME_KIND.request && requestId !== 2);
    const left = decode(writer.view().slice(), [], new FrameDecoder(100));
    expect(left.map((found) => [found.requestId, found.payload.length])).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });
});
