import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { ALICE, anyCell, BOB, dot, stamp, value } from "./cell-samples.oracle.ts";
import { increment, overwrite, seenContext } from "./cell-write.ts";
import { decodeContextToken, encodeClientContext, encodeContextToken } from "./context-token.ts";

const cell = overwrite(increment(undefined, dot(ALICE, 3), 5n), value("x", stamp(BOB, 9, 10)));

test("a token is what it was when it was first defined", () => {
  expect(encodeContextToken(undefined)).toBe("AQICAAAAqlfp7Q");
});

test("a token tells what was seen, of an absent row too", () => {
  expect(decodeContextToken(encodeContextToken(undefined))).toEqual(seenContextOnly(undefined));
  fc.assert(
    fc.property(anyCell, (any) => {
      const token = encodeContextToken(any);
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(decodeContextToken(token)).toEqual(seenContextOnly(any));
    }),
  );
});

function seenContextOnly(seen: Parameters<typeof seenContext>[0]): object {
  const { context, absorbed } = seenContext(seen);
  return { context, absorbed };
}

test("a token names values seen apart from the context", () => {
  const dots = [dot(ALICE, 7), dot(BOB, 2)];
  const { context, absorbed } = seenContext(cell);
  const token = encodeClientContext({ context, absorbed, dots: [dots[1]!, dots[0]!] });
  expect(decodeContextToken(token)).toEqual({ context, absorbed, dots });
  expect(encodeClientContext({ context, absorbed, dots: [] })).toBe(encodeContextToken(cell));
});

test("three replicas make a token that fits a line", () => {
  const three = overwrite(cell, value("y", stamp(1n, 2 ** 40, 10)));
  expect(encodeContextToken(three).length).toBeLessThan(100);
});

function isRefused(text: string): void {
  let error: unknown;
  try {
    decodeContextToken(text);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code: "INVALID_REQUEST", outcome: "not-applied" });
}

test.each([
  ["nothing", ""],
  ["padding", `${encodeContextToken(undefined)}==`],
  ["a line end", `${encodeContextToken(undefined)}\n`],
  ["another text", "hello"],
  ["too much", "A".repeat(1 << 20)],
])("%s is no token", (_, text) => isRefused(text));

test("no other text is a token", () => {
  const anyText = fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: "binary" }));
  fc.assert(fc.property(anyText, isRefused), { numRuns: 2000 });
});

test("a token with any one character changed, cut or added is refused", () => {
  const token = encodeContextToken(cell);
  for (let at = 0; at < token.length; at++) {
    for (const character of "AB_-z9=+/ é") {
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      if (changed !== token) isRefused(changed);
      isRefused(token.slice(0, at) + character + token.slice(at));
    }
    isRefused(token.slice(0, at));
  }
});

test("a checksum does not make a token of what is none", () => {
  const sealed = (text: string): string => seal(Buffer.from(text, "hex"));
  expect(sealed("010202000000")).toBe(encodeContextToken(undefined));
  isRefused(sealed("030202000000"));
  isRefused(sealed("0102020000"));
  const withDots = (count: string, ...dots: string[]): string =>
    sealed(`02${count}${dots.join("")}0202000000`);
  const [first, second] = ["0000000000000001000000000005", "0000000000000002000000000001"];
  expect(decodeContextToken(withDots("0002", first, second)).dots).toHaveLength(2);
  isRefused(withDots("0000"));
  isRefused(withDots("0003", first, second));
  isRefused(withDots("0002", second, first));
  isRefused(withDots("0002", first, first));
  isRefused(withDots("0001", "0000000000000001000000000000"));
  isRefused(sealed("01010000000000000000000100000000000100000000000000"));
});

/** CRC-32 bit by bit: another implementation than the one under test. */
function seal(body: Buffer): string {
  let crc = 0xffff_ffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(~crc >>> 0);
  return Buffer.concat([body, checksum]).toString("base64url");
}
