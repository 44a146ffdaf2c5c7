/**
 * `kvorum hotkeys`: the keys that a node is asked for most, by what it has counted lately.
 *
 *   exit code   0 the node has answered; 1 it has not, or does not count
 */
import { toText } from "../../base/bytes.ts";
import type { Network } from "../../runtime/runtime.ts";
import { HOT_KEYS_COUNT_DEFAULT, type HotKeysStatus } from "../../server/commands/kv-hotkeys.ts";
import { HOT_KEY_ORDERS } from "../../server/hot-keys.ts";
import { askStatus } from "../cluster/cluster-view.ts";
import { type AskedNode, askNode, NoAnswer, strangerThere } from "../node-question.ts";
import { countText, durationText, sizeText } from "../quantity-text.ts";
import { SettingsError } from "../settings-loader.ts";
import { type Column, tableLines } from "../text-table.ts";
import type { KeyOutput } from "./key.ts";

/** By option, as the user wrote them. */
export interface HotKeysWords {
  readonly by?: string;
  readonly count?: string;
  readonly json?: boolean;
}

const COLUMNS = (by: string): readonly Column[] => [
  { head: `${by}/s`, isRight: true },
  { head: "share", isRight: true },
  { head: "slot", isRight: true },
  { head: "key" },
];

/** Resolves to the exit code. Rejects with SettingsError. */
export async function hotKeys(
  network: Pick<Network, "connect">,
  { node, words }: { readonly node: AskedNode; readonly words: HotKeysWords },
  output: KeyOutput,
): Promise<number> {
  const { by = "reads", count = String(HOT_KEYS_COUNT_DEFAULT) } = words;
  if (!(HOT_KEY_ORDERS as readonly string[]).includes(by))
    throw new SettingsError([`--by must be one of ${HOT_KEY_ORDERS.join(", ")}, but is "${by}"`]);
  if (!/^[1-9]\d{0,3}$/.test(count))
    throw new SettingsError([`--count must be 1 to 9999, but is "${count}"`]);
  try {
    const text = await ask(network, node, by, count);
    output.writeOutput(words.json === true ? `${text}\n` : report(JSON.parse(text) as HotKeysStatus, by));
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no hot keys${cause.message}\n`);
    return 1;
  }
}

async function ask(
  network: Pick<Network, "connect">,
  node: AskedNode,
  by: string,
  count: string,
): Promise<string> {
  try {
    const [text] = await askNode(network, node, [["KV.HOTKEYS", "BY", by, "COUNT", count]]);
    if (!(text instanceof Uint8Array)) throw strangerThere();
    return toText(text);
  } catch (cause) {
    if (!(cause instanceof NoAnswer) || !/^ERR unknown command/.test(cause.refusal ?? "")) throw cause;
    await askStatus(network, node); // tells if it is no node of ours at all
    throw new NoAnswer(
      ": this node does not count them (it has no KV.HOTKEYS): its version is older than this one",
    );
  }
}

function report({ windowMs, keys }: HotKeysStatus, by: string): string {
  if (keys.length === 0) return `No key stood out in the last ${durationText(windowMs / 1_000)}.\n`;
  const rows = keys.map(({ key, keyEncoding, slot, perSecond, share }) => [
    by === "bytes"
      ? sizeText(Math.round(perSecond))
      : perSecond < 10
        ? perSecond.toFixed(1)
        : countText(perSecond),
    `${(share * 100).toFixed(1)}%`,
    String(slot),
    keyEncoding === "base64" ? `${key} (base64)` : JSON.stringify(key),
  ]);
  const head = `Keys by ${by} at this node in the last ${durationText(windowMs / 1_000)}; shares are of all ${by} here.`;
  return `${[head, "", ...tableLines(COLUMNS(by), rows)].join("\n")}\n`;
}
