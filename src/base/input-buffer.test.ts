import { describe, expect, test } from "vitest";
import { AssertionError } from "./assert.ts";
import { toText, utf8 } from "./bytes.ts";
import { InputBuffer } from "./input-buffer.ts";

const KIB = 1024;
const UNKNOWN = 0;

function unread(input: InputBuffer): string {
  return toText(input.bytes.subarray(input.start, input.end));
}

function feed(input: InputBuffer, text: string): Uint8Array {
  const bytes = utf8(text);
  input.feed(bytes, bytes.length);
  return bytes;
}

test("what is fed is read in place", () => {
  const input = new InputBuffer();
  const fed = feed(input, "abc");
  expect(input.bytes).toBe(fed);
  expect([unread(input), input.heldBytes]).toEqual(["abc", 0]);
});

test("what is parked outlives the fed buffer, and only what was not read is kept", () => {
  const input = new InputBuffer();
  const fed = feed(input, "abcdef");
  input.start += 4;
  input.park(UNKNOWN);
  fed.fill(0);
  expect([unread(input), input.isParked, input.unreadBytes]).toEqual(["ef", true, 2]);
});

test("parked bytes take from the fed buffer only what they ask for, then give way to it", () => {
  const input = new InputBuffer();
  feed(input, "ab");
  input.park(UNKNOWN);
  const fed = feed(input, "cdefgh");
  expect(unread(input)).toBe("ab");
  expect(input.pull(2, UNKNOWN)).toBe(true);
  expect([unread(input), input.unreadBytes]).toEqual(["abcd", 8]);
  input.leave();
  expect(input.isParked).toBe(true);
  input.start += 3;
  input.leave();
  expect(input.bytes).toBe(fed);
  expect(unread(input)).toBe("defgh");
});

test("nothing is left to pull at the end of the fed buffer", () => {
  const input = new InputBuffer();
  feed(input, "a");
  input.park(UNKNOWN);
  feed(input, "b");
  expect(input.pull(100, UNKNOWN)).toBe(true);
  expect(input.pull(100, UNKNOWN)).toBe(false);
  expect(unread(input)).toBe("ab");
});

test("parking again appends what was not pulled", () => {
  const input = new InputBuffer();
  feed(input, "ab");
  input.park(UNKNOWN);
  const fed = feed(input, "cdef");
  input.pull(1, UNKNOWN);
  input.park(UNKNOWN);
  fed.fill(0);
  expect(unread(input)).toBe("abcdef");
});

test("feeding over bytes that are neither read nor parked is a bug", () => {
  const input = new InputBuffer();
  feed(input, "ab");
  expect(() => feed(input, "c")).toThrow(AssertionError);
  input.park(UNKNOWN);
  feed(input, "c");
  expect(() => feed(input, "d")).toThrow(AssertionError);
});

describe("memory", () => {
  test("none once everything is read and parked", () => {
    const input = new InputBuffer();
    feed(input, "abc");
    input.park(UNKNOWN);
    expect(input.heldBytes).toBeGreaterThan(0);
    input.start = input.end;
    input.park(UNKNOWN);
    expect([input.heldBytes, input.isParked]).toEqual([0, false]);
  });

  test("a large buffer is let go when its bytes are read, before the event ends", () => {
    const input = new InputBuffer();
    feed(input, "x".repeat(100 * KIB));
    input.park(UNKNOWN);
    input.start = input.end;
    input.leave();
    expect(input.heldBytes).toBe(0);
  });

  test("no more than what is expected, and less if less has arrived", () => {
    const input = new InputBuffer();
    feed(input, "x".repeat(10 * KIB));
    input.park(1000 * KIB);
    expect(input.heldBytes).toBe(20 * KIB);
    feed(input, "x".repeat(15 * KIB));
    input.park(30 * KIB);
    expect(input.heldBytes).toBe(30 * KIB);
  });

  test("bytes that trickle through a parked buffer do not make it grow", () => {
    const input = new InputBuffer();
    feed(input, "x".repeat(100));
    input.park(UNKNOWN);
    for (let i = 0; i < 1000; i++) {
      feed(input, "y".repeat(60));
      input.park(UNKNOWN);
      input.start += 60;
    }
    expect(unread(input)).toBe("y".repeat(100));
    expect(input.heldBytes).toBeLessThanOrEqual(512);
  });
});
