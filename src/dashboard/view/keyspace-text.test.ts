import { expect, test } from "vitest";
import { storageText } from "./keyspace-text.ts";

test("a keyspace in memory says how much its rows may take", () => {
  expect(storageText({ storage: "disk" })).toBe("disk");
  expect(storageText({ storage: "memory", maxmemory: 0 })).toBe("memory, no limit");
  expect(storageText({ storage: "memory", maxmemory: 64 * 1024 * 1024 })).toBe("memory, 64.0 MB");
});
