/** Runs a pure command on made-up keys. Text stands for its Latin-1 bytes. */
import { type Cell, NEVER } from "../../src/causality/cell.ts";
import { OwnKeyspaces } from "../../src/node/own-keyspaces.ts";
import type { Change, CommandEnvironment, KeyView } from "../../src/server/command.ts";

export const WALL_MS = 1_700_000_000_000;
export const ENVIRONMENT: CommandEnvironment = {
  wallMs: WALL_MS,
  valueBytesMax: 1024,
  database: 0,
  keyspaces: new OwnKeyspaces().keyspaces,
};

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** The arguments of a call without blanks in them: `call("SET k v")`. */
export function call(line: string): Uint8Array[] {
  return line.split(" ").map(bytes);
}

/** What a command sees of a key that holds `value`, or of an absent one. */
export function view(
  value?: string,
  { expiresAtMs = NEVER, cell }: { expiresAtMs?: number; cell?: Cell } = {},
): KeyView {
  return { value: value === undefined ? undefined : bytes(value), expiresAtMs, cell };
}

/** The value and expiry that a key of `view` has after a change that writes its value; undefined after any other. */
export function written(
  { value, expiresAtMs }: KeyView,
  change: Change | undefined,
): { readonly value: Uint8Array; readonly expiresAtMs: number } | undefined {
  if (change?.kind === "put") return { value: change.value, expiresAtMs: change.expiresAtMs };
  if (change?.kind !== "patch") return undefined;
  const after = new Uint8Array(Math.max(value?.length ?? 0, change.at + change.value.length));
  if (value !== undefined) after.set(value);
  after.set(change.value, change.at);
  return { value: after, expiresAtMs };
}
