import { expect, test } from "vitest";
import { CLAIM, type ClaimKind, KeyClaims } from "./key-claims.ts";

const { read, overwrite, other } = CLAIM;
const on = (kind: ClaimKind, ...hashes: number[]) => ({ kind, hashes });

test.each([
  { before: read, after: read, isAtOnce: true },
  { before: read, after: overwrite, isAtOnce: false },
  { before: read, after: other, isAtOnce: false },
  { before: overwrite, after: read, isAtOnce: true },
  { before: overwrite, after: overwrite, isAtOnce: true },
  { before: overwrite, after: other, isAtOnce: false },
  { before: other, after: read, isAtOnce: false },
  { before: other, after: overwrite, isAtOnce: false },
  { before: other, after: other, isAtOnce: false },
])("kind $after after kind $before of the same key: $isAtOnce; of another: true", (each) => {
  const claims = new KeyClaims();
  const first = on(each.before, 1, 2);
  claims.add(first);
  expect(claims.admits(on(each.after, 2))).toBe(each.isAtOnce);
  expect(claims.admits(on(each.after, 3, 1))).toBe(each.isAtOnce);
  expect(claims.admits(on(each.after, 3))).toBe(true);
  claims.remove(first);
  expect(claims.admits(on(each.after, 1, 2))).toBe(true);
});

test("a key named twice, or by several, is free once all are done", () => {
  const claims = new KeyClaims();
  for (const claim of [on(read, 1, 1), on(read, 1)]) claims.add(claim);
  claims.remove(on(read, 1, 1));
  expect(claims.admits(on(other, 1))).toBe(false);
  claims.remove(on(read, 1));
  expect(claims.admits(on(other, 1))).toBe(true);
});
