/**
 * Actor: one life of one data directory, the only writer of its dots. A random unsigned 64-bit number.
 * A directory that was lost or restored mints a new one, so no dot is ever written twice.
 *
 *   bytes   8, big-endian: so byte order is number order
 *   text    16 lower-case hexadecimal digits, for people
 */
import { assert } from "../base/assert.ts";
import { readUint64, writeUint64 } from "./fixed-integer.ts";

export type Actor = bigint;

export const ACTOR_BYTES = 8;
const ACTOR_MAX = 0xffff_ffff_ffff_ffffn;

export function isActor(actor: bigint): boolean {
  return actor >= 0n && actor <= ACTOR_MAX;
}

/** A new buffer of ACTOR_BYTES bytes. */
export function actorBytes(actor: Actor): Uint8Array {
  const bytes = new Uint8Array(ACTOR_BYTES);
  writeActor(bytes, 0, actor);
  return bytes;
}

export function writeActor(target: Uint8Array, at: number, actor: Actor): void {
  assert(isActor(actor), "an actor is an unsigned 64-bit number");
  writeUint64(target, at, actor);
}

/** Requires: ACTOR_BYTES bytes from `at` on. */
export function readActor(bytes: Uint8Array, at: number): Actor {
  return readUint64(bytes, at);
}

export function actorText(actor: Actor): string {
  return actor.toString(16).padStart(2 * ACTOR_BYTES, "0");
}

/** The actor of 16 hexadecimal digits, or undefined if `text` is anything else. */
export function parseActor(text: string): Actor | undefined {
  return /^[0-9a-f]{16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
}
