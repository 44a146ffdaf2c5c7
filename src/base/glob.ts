/**
 * Glob patterns over byte strings, as KEYS, SCAN MATCH and CONFIG GET use them. Source: the manual of Redis KEYS.
 *
 *   *       any bytes, or none              [abc] [a-z]   one of these bytes
 *   ?       any one byte                    [^abc]        any one byte but these
 *   \x      x itself, also inside []        others        themselves
 *
 * What the manual does not say, and Redis does: a class that is not closed ends with the pattern; a range may be
 * given backwards, and takes bytes from 0x80 on as negative; an empty text matches the empty pattern only.
 *
 * A star first takes nothing, then one byte more each time the rest fails; only the latest star is ever tried
 * again, because whatever an earlier one could take instead, the latest can reach too. So the time is at most
 * pattern times text, and nothing is allocated. Hot: KEYS and SCAN run it once per key.
 */

const STAR = 0x2a; // *
const QUESTION = 0x3f; // ?
const OPEN = 0x5b; // [
const CLOSE = 0x5d; // ]
const NOT = 0x5e; // ^
const ESCAPE = 0x5c; // \
const TO = 0x2d; // -
const MISMATCH = -1;

/** True if `pattern` matches the whole of `text[start, end)`. */
export function matchesGlob(pattern: Uint8Array, text: Uint8Array, start = 0, end = text.length): boolean {
  if (start === end) return pattern.length === 0;
  let at = 0;
  let retryAt = -1;
  let retryFrom = 0;
  let i = start;
  while (i < end) {
    if (pattern[at] === STAR) {
      at = skipStars(pattern, at);
      if (at === pattern.length) return true;
      retryAt = at;
      retryFrom = i;
      continue;
    }
    const next = at < pattern.length ? matchOne(pattern, at, text[i]!) : MISMATCH;
    if (next !== MISMATCH) {
      at = next;
      i++;
    } else if (retryAt < 0) {
      return false;
    } else {
      at = retryAt;
      i = ++retryFrom;
    }
  }
  return skipStars(pattern, at) === pattern.length;
}

/** True if `pattern` can match but one text, which `unescapeGlob` gives. */
export function isLiteralGlob(pattern: Uint8Array): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const byte = pattern[at]!;
    if (byte === STAR || byte === QUESTION || byte === OPEN) return false;
    if (byte === ESCAPE) at++;
  }
  return true;
}

/** The text that a literal pattern matches. */
export function unescapeGlob(pattern: Uint8Array): Uint8Array {
  const text: number[] = [];
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === ESCAPE && at + 1 < pattern.length) at++;
    text.push(pattern[at]!);
  }
  return Uint8Array.from(text);
}

function skipStars(pattern: Uint8Array, start: number): number {
  let at = start;
  while (pattern[at] === STAR) at++;
  return at;
}

/** Where the pattern goes on if what it has at `at` matches `byte`. Requires: that is not a star. */
function matchOne(pattern: Uint8Array, at: number, byte: number): number {
  const first = pattern[at]!;
  if (first === QUESTION) return at + 1;
  if (first === OPEN) return matchClass(pattern, at + 1, byte);
  const literalAt = first === ESCAPE && at + 1 < pattern.length ? at + 1 : at;
  return pattern[literalAt] === byte ? literalAt + 1 : MISMATCH;
}

function matchClass(pattern: Uint8Array, start: number, byte: number): number {
  const isNegated = pattern[start] === NOT;
  let at = isNegated ? start + 1 : start;
  let isMember = false;
  for (; at < pattern.length && pattern[at] !== CLOSE; at++) {
    if (pattern[at] === ESCAPE && at + 1 < pattern.length) {
      at++;
      if (pattern[at] === byte) isMember = true;
    } else if (at + 2 < pattern.length && pattern[at + 1] === TO) {
      if (isBetween(pattern[at]!, pattern[at + 2]!, byte)) isMember = true;
      at += 2;
    } else if (pattern[at] === byte) {
      isMember = true;
    }
  }
  if (isMember === isNegated) return MISMATCH;
  return Math.min(at + 1, pattern.length);
}

function isBetween(a: number, b: number, byte: number): boolean {
  const value = signed(byte);
  return value >= Math.min(signed(a), signed(b)) && value <= Math.max(signed(a), signed(b));
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}
