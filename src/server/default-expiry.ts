/**
 * The expiry that a keyspace gives to what is written without one.
 *
 *   SET k v, MSET, GETSET, BITOP, a new name of a key     expire after the keyspace's time
 *   SET k v EX 10                                         as it says
 *   INCR k, APPEND k, SETRANGE k, SET k v KEEPTTL         keep what there is, none too; a key that they begin, as SET
 *
 * Whoever runs a step adds it, once: where a change goes from there, it says when it expires.
 */
import { NEVER } from "../causality/cell.ts";
import type {
  Change,
  CommandEnvironment,
  Effect,
  KeyRef,
  KeyView,
  ManyEffect,
  UpdateCommand,
  UpdateManyCommand,
} from "./command-shape.ts";

type Arguments = readonly Uint8Array[];

/** What the command does to the key. */
export function runUpdate(
  command: UpdateCommand,
  view: KeyView,
  args: Arguments,
  { key, environment }: { readonly key: Uint8Array; readonly environment: CommandEnvironment },
): Effect {
  const effect = command.run(view, args, environment);
  if (!environment.keyspaces.hasExpiry || effect.change === undefined) return effect;
  const freshMs = environment.keyspaces.expiryOf(key, environment.wallMs, NEVER);
  if (freshMs === NEVER) return effect;
  const keeps = view.value !== undefined && command.keepsExpiry?.(args) === true;
  return keeps ? effect : { ...effect, change: expiring(effect.change, view, freshMs) };
}

/** What the command does to the keys. */
export function runUpdateMany(
  command: UpdateManyCommand,
  views: readonly KeyView[],
  args: Arguments,
  { refs, environment }: { readonly refs: readonly KeyRef[]; readonly environment: CommandEnvironment },
): ManyEffect {
  const effect = command.run(views, args, environment);
  const { keyspaces, wallMs } = environment;
  if (!keyspaces.hasExpiry) return effect;
  const changes = effect.changes.map((change, i) => {
    const freshMs = keyspaces.expiryOf(refs[i]!.key, wallMs, NEVER);
    return freshMs === NEVER || change === undefined ? change : expiring(change, views[i]!, freshMs);
  });
  return { ...effect, changes };
}

function expiring(change: Change, view: KeyView, freshMs: number): Change {
  switch (change.kind) {
    case "put":
      return change.expiresAtMs === NEVER ? { ...change, expiresAtMs: freshMs } : change;
    case "increment":
      return view.value === undefined ? { ...change, expiresAtMs: freshMs } : change;
    case "patch": {
      if (view.value !== undefined) return change;
      const value = new Uint8Array(change.at + change.value.length);
      value.set(change.value, change.at);
      return { kind: "put", value, expiresAtMs: freshMs };
    }
    default:
      return change;
  }
}
