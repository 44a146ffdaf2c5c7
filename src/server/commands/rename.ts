/**
 * `RENAME key newkey` -> OK; what the new key held is gone. `RENAMENX key newkey` -> 1, or 0 if the new key was there.
 * Value and expiry move; of concurrent values, the one that GET shows.
 */
import { equalBytes } from "../../base/bytes.ts";
import { OK } from "../../resp/reply.ts";
import { type Change, CommandError, type KeyView, type UpdateManyCommand } from "../command.ts";

const NO_SUCH_KEY = "ERR no such key";

export const rename: UpdateManyCommand = {
  name: "rename",
  kind: "update-many",
  arity: 3,
  flags: ["write"],
  group: "generic",
  since: "1.0.0",
  summary: "Gives a value another key, whatever that held; of another slot in a cluster, not at once.",
  complexity: "O(1)",
  keys: { first: 1, last: 2, step: 1 },
  syntax: "key newkey",
  run([from], args) {
    if (from!.value === undefined) throw new CommandError(NO_SUCH_KEY);
    return { reply: OK, changes: equalBytes(args[1]!, args[2]!) ? [] : moved(from!) };
  },
};

export const renamenx: UpdateManyCommand = {
  name: "renamenx",
  kind: "update-many",
  arity: 3,
  flags: ["write", "fast"],
  group: "generic",
  since: "1.0.0",
  summary: "As RENAME, unless the other key holds a value.",
  complexity: "O(1)",
  keys: { first: 1, last: 2, step: 1 },
  syntax: "key newkey",
  run([from, to]) {
    if (from!.value === undefined) throw new CommandError(NO_SUCH_KEY);
    return to!.value === undefined ? { reply: 1, changes: moved(from!) } : { reply: 0, changes: [] };
  },
};

function moved({ value, expiresAtMs }: KeyView): readonly Change[] {
  return [{ kind: "delete" }, { kind: "put", value: value!, expiresAtMs }];
}
