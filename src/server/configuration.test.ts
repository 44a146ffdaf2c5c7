import { expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../node/settings.ts";
import { DEFAULT_TUNING } from "../node/tuning.ts";
import { parameterNamed } from "./configuration.ts";
import type { LiveSettings } from "./server.ts";

function draft(changes: Partial<LiveSettings> = {}): LiveSettings {
  return { ...DEFAULT_SETTINGS, ...DEFAULT_TUNING, ...changes };
}

function set(settings: LiveSettings, name: string, text: string): string | undefined {
  return parameterNamed(name)!.write!(settings, text);
}

test("the password may not be taken from a node that others can reach", () => {
  const open = draft({ host: "0.0.0.0", password: "secret" });
  expect(set(open, "requirepass", "")).toMatch(/only loopback addresses/);
  const closed = draft({ password: "secret" });
  expect(set(closed, "requirepass", "")).toBeUndefined();
  expect(closed.password).toBeUndefined();
});

test("a password is text, since settings are", () => {
  const settings = draft();
  expect(set(settings, "requirepass", "p\xc3\xa4ss")).toBeUndefined();
  expect(settings.password).toBe("p\u00e4ss");
  expect(set(settings, "requirepass", "\xff\xfe")).toBe("a password must be UTF-8 text");
  expect(settings.password).toBe("p\u00e4ss");
});

test("an idle timeout is seconds outside and milliseconds inside", () => {
  const settings = draft({ idleTimeoutMs: 1500 });
  expect(parameterNamed("TIMEOUT")!.read(settings, undefined as never)).toBe("2");
  expect(set(settings, "timeout", "30")).toBeUndefined();
  expect(settings.idleTimeoutMs).toBe(30_000);
});

test("what was refused leaves the draft as it was", () => {
  const settings = draft();
  expect(set(settings, "maxmemory", "lots")).toBe("argument must be a memory value");
  expect(set(settings, "maxclients", "0")).toBe("argument must be between 1 and 4294967295 inclusive");
  expect(set(settings, "maxmemory-policy", "none")).toMatch(
    /^argument\(s\) must be one of the following: volatile-lru/,
  );
  expect(set(settings, "latency-tracking-info-percentiles", "50 101")).toMatch(/between \[0\.0,100\.0\]/);
  expect(settings).toEqual(draft());
});
