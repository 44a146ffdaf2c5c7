/** Which keys a call touches, from its command's key positions. */
import type { KeyRef } from "../replication/step.ts";
import type { Request } from "../resp/request.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import { latin1 } from "./arguments.ts";
import type { RunnableCommand } from "./command-shape.ts";

/** In the order of the arguments; a key named twice is there twice. Empty for commands without keys. */
export function keyRefsOf(
  command: RunnableCommand,
  args: readonly Uint8Array[],
  database: number,
): readonly KeyRef[] {
  if (command.keyRefs !== undefined) return command.keyRefs(args, database);
  if (command.keys === undefined) return [];
  const { first, last, step } = command.keys;
  if (first === last) return [{ database, key: args[first]! }];
  const end = last < 0 ? args.length + last : last;
  const refs: KeyRef[] = [];
  for (let i = first; i <= end; i += step) refs.push({ database, key: args[i]! });
  return refs;
}

/** True if a key of the call is longer than a key may be. */
export function hasLongKey(command: RunnableCommand, args: readonly Uint8Array[], database: number): boolean {
  const { keys } = command;
  if (command.keyRefs !== undefined) {
    return command.keyRefs(args, database).some(({ key }) => key.length > KEY_BYTES_MAX);
  }
  if (keys === undefined) return false;
  const end = keys.last < 0 ? args.length + keys.last : keys.last;
  for (let i = keys.first; i <= end; i += keys.step) if (args[i]!.length > KEY_BYTES_MAX) return true;
  return false;
}

/** As `hasLongKey`, of a command whose keys stand where `keys` says. Hot. */
export function hasLongKeyInPlace({ keys }: RunnableCommand, { starts, ends, argCount }: Request): boolean {
  if (keys === undefined) return false;
  const end = keys.last < 0 ? argCount + keys.last : keys.last;
  for (let i = keys.first; i <= end; i += keys.step) if (ends[i]! - starts[i]! > KEY_BYTES_MAX) return true;
  return false;
}

/** Of each key, whether none before it is the same. */
export function firstOccurrences(keys: readonly Uint8Array[]): readonly boolean[] {
  if (keys.length === 1) return [true];
  const seen = new Set<string>();
  return keys.map((key) => seen.size < seen.add(latin1(key)).size);
}
