import { describe, expect, test } from "vitest";
import { isLiteralGlob, matchesGlob, unescapeGlob } from "./glob.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

describe("matchesGlob", () => {
  test.each([
    // pattern, text, whether Redis 7.0.15 says so
    ["", "", true],
    ["", "a", false],
    ["*", "", false], // KEYS * does not ask
    ["*", "a", true],
    ["a", "a", true],
    ["a", "ab", false],
    ["ab", "a", false],
    ["a*", "a", true],
    ["a**", "a", true],
    ["*a", "ba", true],
    ["*a", "ab", false],
    ["a*c", "abbbc", true],
    ["a*b*c", "aXbYbZc", true],
    ["a*b*c", "aXcYb", false],
    ["?", "a", true],
    ["??", "a", false],
    ["a?c", "abc", true],
    ["[abc]", "b", true],
    ["[abc]", "d", false],
    ["[^abc]", "d", true],
    ["[^abc]", "a", false],
    ["[a-c]x", "bx", true],
    ["[c-a]x", "bx", true],
    ["[a-c]", "-", false],
    ["[a-]", "]", true], // a range from a to ]
    ["[-a]", "-", true],
    ["[]", "]", false],
    ["[]a", "a", false],
    ["[^]", "x", true],
    ["[\\]]", "]", true],
    ["[\\-a]", "-", true],
    ["[ab", "b", true], // never closed
    ["[ab", "c", false],
    ["[", "a", false],
    ["[^", "a", true],
    ["[a-", "-", true],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["\\a", "a", true],
    ["a\\", "a\\", true],
    ["\\", "\\", true],
    ["\xff*", "\xff\x00", true],
    ["[\x80-\xff]", "\xc3", true],
    ["[a-\x80]", "A", true], // from -128 to 97
    ["*[a-z]", "foo", true],
    ["*foo*bar*", "xfoobary", true],
    ["*foo*bar*", "xfobary", false],
  ])("%j on %j: %s", (pattern, text, expected) => {
    expect(matchesGlob(bytes(pattern), bytes(text))).toBe(expected);
  });

  test("looks at nothing outside the range it is given", () => {
    expect(matchesGlob(bytes("b*d"), bytes("abcde"), 1, 4)).toBe(true);
    expect(matchesGlob(bytes("*"), bytes("abc"), 2, 2)).toBe(false);
  });

  test("many stars cost no more than pattern times text", () => {
    const pattern = bytes(`${"a*".repeat(2_000)}b`);
    const text = bytes("a".repeat(20_000));
    expect(matchesGlob(pattern, text)).toBe(false); // would take longer than the universe with plain recursion
  });
});

test.each([
  ["plain", true, "plain"],
  ["a\\*b", true, "a*b"],
  ["a\\", true, "a\\"],
  ["a*", false, undefined],
  ["a?", false, undefined],
  ["[a]", false, undefined],
  ["\\[a]", true, "[a]"],
])("literal %j: %s", (pattern, isLiteral, text) => {
  expect(isLiteralGlob(bytes(pattern))).toBe(isLiteral);
  if (text !== undefined) expect(Buffer.from(unescapeGlob(bytes(pattern))).toString("latin1")).toBe(text);
});
