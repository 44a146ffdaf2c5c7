import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { Keyspaces } from "./keyspaces.ts";
import type { Keyspace } from "./topology.ts";

function keyspace(name: string, changes: Partial<Keyspace> = {}): Keyspace {
  return {
    ...{ name, copies: [{ datacenter: "d", count: 3 }], read: "quorum", write: "quorum" },
    ...{ storage: "disk", ttlMs: 0, conflictRule: "siblings", mode: "ap" },
    ...changes,
  };
}

function keyspacesNamed(...names: readonly string[]): Keyspaces {
  const all = ["default", ...names].sort().map((name) => keyspace(name));
  return new Keyspaces(all);
}

test("a key belongs to the keyspace that its part up to the first colon names, if there is one", () => {
  const keyspaces = keyspacesNamed("sessions", "s", "a.b");
  const nameOf = (key: string): string => keyspaces.of(utf8(key)).name;
  expect(nameOf("sessions:42")).toBe("sessions");
  expect(nameOf("sessions:")).toBe("sessions");
  expect(nameOf("sessions:42:cart")).toBe("sessions");
  expect(nameOf("s:1")).toBe("s");
  expect(nameOf("a.b:1")).toBe("a.b");
  for (const key of [
    "",
    ":",
    "sessions",
    "session:1",
    "sessionss:1",
    "Sessions:1",
    ":sessions:1",
    "x:sessions:1",
  ]) {
    expect([key, nameOf(key)]).toEqual([key, "default"]);
  }
  expect(nameOf("{sessions:1}")).toBe("default");
  expect(nameOf("default:1")).toBe("default");
});

test("any key, anywhere in a buffer, belongs where the text of it says", () => {
  const names = fc.uniqueArray(
    fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom("a", "b", "é") }),
  );
  const key = fc.string({ maxLength: 6, unit: fc.constantFrom("a", "b", "é", ":") });
  fc.assert(
    fc.property(names, key, fc.nat(3), (declared, text, before) => {
      const keyspaces = keyspacesNamed(...declared);
      const bytes = utf8(text);
      const buffer = new Uint8Array(before + bytes.length + 2).fill(0x3a);
      buffer.set(bytes, before);
      const end = text.indexOf(":");
      const expected = end >= 0 && declared.includes(text.slice(0, end)) ? text.slice(0, end) : "default";
      expect(keyspaces.of(buffer, before, before + bytes.length).name).toBe(expected);
    }),
  );
});

test("what is written without an expiry gets its keyspace's, or none", () => {
  const all = [keyspace("a", { ttlMs: 50 }), keyspace("b"), keyspace("default")];
  const keyspaces = new Keyspaces(all);
  expect(keyspaces.expiryOf(utf8("a:1"), 1000, 0)).toBe(1050);
  expect(keyspaces.expiryOf(utf8("b:1"), 1000, 0)).toBe(0);
  expect(new Keyspaces([keyspace("default", { ttlMs: 7 })]).expiryOf(utf8("x"), 1000, 0)).toBe(1007);
  expect([keyspaces.hasExpiry, keyspaces.isSingle]).toEqual([true, false]);
  expect([keyspacesNamed().hasExpiry, keyspacesNamed().isSingle]).toEqual([false, true]);
});
