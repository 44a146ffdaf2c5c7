/** `KV.HOTKEYS [BY reads | writes | bytes] [COUNT n]` -> JSON: the keys that this node is asked for most, lately. */
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { integer32 } from "../database-argument.ts";
import { HOT_KEY_ORDERS, HOT_KEY_WINDOW_MS, type HotKey, type HotKeyOrder } from "../hot-keys.ts";
import type { Server } from "../server.ts";

export const HOT_KEYS_COUNT_DEFAULT = 20;
export const HOT_KEYS_COUNT_MAX = 256;

/** What the JSON text says. */
export interface HotKeysStatus {
  /** What is told stands for so long, the latest counting most. */
  readonly windowMs: number;
  readonly keys: readonly (HotKey & { readonly keyEncoding: "utf8" | "base64" })[];
}

export const kvHotkeys: SessionCommand = {
  name: "kv.hotkeys",
  kind: "session",
  arity: -1,
  flags: ["readonly", "loading", "stale"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Tells which keys this node is asked for most, by reads, writes or bytes. JSON.",
  complexity: "O(N) with N keys that are counted, 256 at most",
  syntax: "[BY order] [COUNT count]",
  run({ server }, args) {
    let by: HotKeyOrder = "reads";
    let count = HOT_KEYS_COUNT_DEFAULT;
    for (let i = 1; i < args.length; i += 2) {
      const [option, value] = [word(args[i]!), args[i + 1]];
      if (value === undefined) throw new CommandError(SYNTAX_ERROR);
      if (option === "BY") by = orderOf(word(value).toLowerCase());
      else if (option === "COUNT") count = integer32(value, "ERR COUNT is a number");
      else throw new CommandError(SYNTAX_ERROR);
    }
    if (count < 1) throw new CommandError("ERR COUNT is 1 or more");
    return JSON.stringify(hotKeysStatus(server, by, count));
  },
};

export function hotKeysStatus({ hotKeys }: Server, by: HotKeyOrder, count: number): HotKeysStatus {
  const keys = hotKeys.top(by, Math.min(count, HOT_KEYS_COUNT_MAX));
  return { windowMs: HOT_KEY_WINDOW_MS, keys: keys.map((hot) => ({ ...hot, ...shownKey(hot.key) })) };
}

function orderOf(text: string): HotKeyOrder {
  const order = HOT_KEY_ORDERS.find((name) => name === text);
  if (order === undefined) throw new CommandError(`ERR BY is one of ${HOT_KEY_ORDERS.join(", ")}`);
  return order;
}

/** As text where it is text. */
function shownKey(latin1: string): { readonly key: string; readonly keyEncoding: "utf8" | "base64" } {
  const bytes = Buffer.from(latin1, "latin1");
  try {
    return { key: new TextDecoder("utf-8", { fatal: true }).decode(bytes), keyEncoding: "utf8" };
  } catch {
    return { key: bytes.toString("base64"), keyEncoding: "base64" };
  }
}
