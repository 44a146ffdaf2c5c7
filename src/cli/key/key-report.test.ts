import { expect, test } from "vitest";
import type { KeyWhereabouts, ShownSibling } from "../../server/cluster/key-whereabouts.ts";
import type { MemberStatus } from "../../server/commands/kv-status.ts";
import { keyReport } from "./key-report.ts";

const ACTOR = "4f05bc2100000000";
const NOW_MS = Date.UTC(2026, 0, 1, 12);

function sibling(value: string, counter: number, changes: Partial<ShownSibling> = {}): ShownSibling {
  return {
    dot: { actor: ACTOR, counter },
    ...{ hlcMs: NOW_MS - 1_000, hlcCounter: 0, expiresAtMs: null, kind: "value", bytes: value.length, value },
    valueEncoding: "utf8",
    ...changes,
  };
}

const tea = sibling("tea", 7);
const cake = sibling("cake", 8, { expiresAtMs: NOW_MS + 65_000 });
const context = [{ actor: ACTOR, counter: 8 }];
const found: KeyWhereabouts = {
  ...{ key: "cart:42", keyEncoding: "utf8", slot: 99, keyspace: "default", identical: false },
  preferenceList: ["aa", "bb", "cc"],
  fallbacks: ["dd"],
  replicas: [
    { id: "aa", state: "present", version: { context, siblings: [tea, cake] } },
    { id: "bb", state: "tombstone", version: { context, siblings: [] } },
    { id: "cc", state: "unreachable", version: null },
  ],
  merged: { context: "TOKEN", siblings: [tea, cake] },
};
const status = {
  members: ["aa", "bb", "cc", "dd"].map((id, i) => ({ id, host: "h", port: 7001 + i }) as MemberStatus),
};

test("siblings stand below each other, each with its dot; replicas say what they have", () => {
  expect(keyReport({ found, status, nowMs: NOW_MS })).toBe(
    [
      'key "cart:42": slot 99, keyspace default',
      "kept by h:7001, h:7002, h:7003",
      "in their stead h:7004",
      "",
      "replica  has          dot         written                   expires   bytes  value   context",
      'h:7001   it           4f05bc21:7  2026-01-01T11:59:59.000Z  never         3  "tea"   4f05bc21:8',
      '                      4f05bc21:8  2026-01-01T11:59:59.000Z  in 1m 5s      4  "cake"',
      "h:7002   a tombstone                                                                 4f05bc21:8",
      "h:7003   NO ANSWER",
      "",
      "2 of 3 replicas answered; they differ: a read mends it, or `kvorum repair`.",
      "2 values did not know of each other; KV.PUT with this context puts one in their place:",
      "TOKEN",
      "",
    ].join("\n"),
  );
});

test("bytes that are no text, long values and counters are shown as what they are", () => {
  const siblings = [
    sibling("gA==", 1, { valueEncoding: "base64", bytes: 1, expiresAtMs: NOW_MS - 1 }),
    sibling("x".repeat(5_000), 2),
    sibling("17", 3, { kind: "increment", hlcMs: 0 }),
  ];
  const replicas = [{ id: "aa", state: "present", version: { context, siblings } }] as const;
  const merged = { context: "TOKEN", siblings: siblings.slice(0, 1) };
  const text = keyReport({ found: { ...found, replicas, merged, identical: true }, status, nowMs: NOW_MS });
  expect(text).toMatch(/has expired {2}.*1 {2}gA== \(base64\)/);
  expect(text).toMatch(/4\.9 KiB {2}"x{59}\.\.\./);
  expect(text).toMatch(/- +never .*\+ 17 by increments/);
  expect(text).toContain("\nAll replicas have the same.\n");
});

test("a key that no replica has is said to be nowhere", () => {
  const merged = { context: "TOKEN", siblings: [] };
  const missing = found.replicas.map(({ id }) => ({ id, state: "missing", version: null }) as const);
  const nowhere = { ...found, merged, identical: true, replicas: missing };
  expect(keyReport({ found: nowhere, status, nowMs: NOW_MS })).toContain("\nNo replica has this key.\n");
  const [first, ...others] = missing;
  const replicas = [{ ...first!, state: "unreachable" } as const, ...others];
  expect(keyReport({ found: { ...nowhere, replicas }, status, nowMs: NOW_MS })).toContain(
    "2 of 3 replicas answered; none of them has this key.",
  );
});
