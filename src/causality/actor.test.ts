import { expect, test } from "vitest";
import { compareBytes } from "../base/bytes.ts";
import { actorBytes, actorText, parseActor, readActor, writeActor } from "./actor.ts";

const ACTORS = [0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 0x0123_4567_89ab_cdefn, 2n ** 63n, 2n ** 64n - 1n];

test("the bytes are big-endian", () => {
  expect(actorBytes(0x0123_4567_89ab_cdefn)).toEqual(
    Uint8Array.of(0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef),
  );
});

test("bytes and text give the actor back, up to the largest", () => {
  for (const actor of ACTORS) {
    expect(readActor(Uint8Array.of(9, ...actorBytes(actor)), 1)).toBe(actor);
    expect(parseActor(actorText(actor))).toBe(actor);
  }
});

test("byte order is number order", () => {
  for (let i = 1; i < ACTORS.length; i++) {
    expect(compareBytes(actorBytes(ACTORS[i - 1]!), actorBytes(ACTORS[i]!))).toBeLessThan(0);
  }
});

test("what is not 64 bits without a sign is a bug", () => {
  expect(() => actorBytes(-1n)).toThrow("64-bit");
  expect(() => writeActor(new Uint8Array(8), 0, 2n ** 64n)).toThrow("64-bit");
});

test.each(["", "123", "0123456789abcdeg", "0x23456789abcdef", " 0123456789abcde", "00123456789abcdef"])(
  "%j names no actor",
  (text) => {
    expect(parseActor(text)).toBeUndefined();
  },
);
