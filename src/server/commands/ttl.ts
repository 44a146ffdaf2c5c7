/**
 * `TTL key`, `PTTL key` -> how long the key still lives, in seconds or milliseconds. `EXPIRETIME key`, `PEXPIRETIME key`
 * -> until when, in Unix time. All: -1 if it does not expire, -2 if it is not there.
 */
import { NEVER } from "../../causality/cell.ts";
import type { ReadCommand } from "../command.ts";

export const ttl = lifetimeCommand("ttl", {
  since: "1.0.0",
  summary: "Answers how many seconds a key still lives.",
  show: (expiresAtMs, wallMs) => toSeconds(expiresAtMs - wallMs),
});

export const pttl = lifetimeCommand("pttl", {
  since: "2.6.0",
  summary: "Answers how many milliseconds a key still lives.",
  show: (expiresAtMs, wallMs) => expiresAtMs - wallMs,
});

export const expiretime = lifetimeCommand("expiretime", {
  since: "7.0.0",
  summary: "Answers when a key expires, in seconds since 1970.",
  show: toSeconds,
});

export const pexpiretime = lifetimeCommand("pexpiretime", {
  since: "7.0.0",
  summary: "Answers when a key expires, in milliseconds since 1970.",
  show: (expiresAtMs) => expiresAtMs,
});

interface Variant {
  readonly since: string;
  readonly summary: string;
  show(expiresAtMs: number, wallMs: number): number;
}

function lifetimeCommand(name: string, { since, summary, show }: Variant): ReadCommand {
  return {
    name,
    kind: "read",
    arity: 2,
    flags: ["readonly", "fast"],
    group: "generic",
    since,
    summary,
    complexity: "O(1)",
    keys: { first: 1, last: 1, step: 1 },
    syntax: "key",
    leavesNoTrace: true,
    run({ value, expiresAtMs }, _args, { wallMs }) {
      if (value === undefined) return -2;
      return expiresAtMs === NEVER ? -1 : show(expiresAtMs, wallMs);
    },
  };
}

/** To the nearest second. */
function toSeconds(ms: number): number {
  return Math.floor((ms + 500) / 1000);
}
