import fc from "fast-check";
import { expect, test } from "vitest";
import { isLiteralGlob, matchesGlob, unescapeGlob } from "./glob.ts";

const alphabet = (characters: string): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.constantFrom(...characters), { maxLength: 12 })
    .map((parts) => Buffer.from(parts.join(""), "latin1"));

const patterns = alphabet("aab*?[]^-\\");
const texts = alphabet("aaab^-]\\");

/** The same meaning by plain recursion, one construct at a time. */
function matchesSlowly(pattern: string, text: string): boolean {
  if (text === "") return /^\**$/.test(pattern);
  if (pattern === "") return false;
  const [construct, rest] = splitFirst(pattern);
  if (construct === "*") return matchesSlowly(rest, text) || matchesSlowly(pattern, text.slice(1));
  return takes(construct, text[0]!) && matchesSlowly(rest, text.slice(1));
}

function splitFirst(pattern: string): [construct: string, rest: string] {
  const construct = /^(?:\[\^?(?:\\.|[^\]]-.|[^\]])*\]?|\\.|.)/s.exec(pattern)![0];
  return [construct, pattern.slice(construct.length)];
}

function takes(construct: string, byte: string): boolean {
  if (construct === "?") return true;
  if (construct.startsWith("\\")) return construct.slice(-1) === byte;
  if (!construct.startsWith("[")) return construct === byte;
  const isNegated = construct[1] === "^";
  const members = construct.slice(isNegated ? 2 : 1).match(/\\.|[^\]]-.|[^\]]/gs) ?? [];
  return members.some((member) => isMember(member, byte)) !== isNegated;
}

function isMember(member: string, byte: string): boolean {
  if (member.startsWith("\\") && member.length === 2) return member[1] === byte;
  if (member.length === 1) return member === byte;
  const [low, high] = [member[0]!, member[2]!].sort();
  return byte >= low! && byte <= high!;
}

test("agrees with plain recursion", () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const expected =
        text.length === 0 ? pattern.length === 0 : matchesSlowly(latin1(pattern), latin1(text));
      expect(matchesGlob(pattern, text)).toBe(expected);
    }),
    { numRuns: 20_000 },
  );
});

test("a literal pattern matches its own text and no other", () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      fc.pre(isLiteralGlob(pattern));
      const own = unescapeGlob(pattern);
      expect(matchesGlob(pattern, own)).toBe(true);
      expect(matchesGlob(pattern, text)).toBe(latin1(text) === latin1(own));
    }),
  );
});

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
