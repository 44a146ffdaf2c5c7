/**
 * A conversation with redis-cli as a document shows it, held with a real node.
 *
 *   127.0.0.1:7001> GET greeting      what is typed, at whatever port
 *   "hello"                           what redis-cli shows, until the next prompt
 *   "<context>"                       stands for anything, and for the same when typed later
 */
import type { Reply } from "../../src/resp/reply.ts";
import { ReplyDecoder } from "../../src/resp/reply-decoder.ts";
import type { RawClient } from "./raw-client.ts";

export interface Exchange {
  readonly request: string;
  readonly shown: string;
}

const PROMPT = /\n127\.0\.0\.1:\d+> /;
/** Before what starts redis-cli. */
const SHELL_PROMPT = "$ ";
const PLACEHOLDER = /<[a-z ]+>/g;

/** The exchanges of every block of `document` that is marked as `console`. */
export function exchangesOf(document: string): Exchange[] {
  const blocks = [...document.matchAll(/^```console\n(.*?)^```$/gms)].map((match) => match[1]!);
  return blocks.flatMap((block) =>
    `\n${block}`
      .split(PROMPT)
      .slice(1)
      .map((exchange) => {
        const lines = exchange.trimEnd().split("\n");
        const [request, ...shown] = lines.filter((line) => !line.startsWith(SHELL_PROMPT));
        return { request: request!, shown: shown.join("\n") };
      }),
  );
}

/** The same exchanges with what the node answers, and with the placeholders of `exchanges` where they stand for it. */
export async function hold(client: RawClient, exchanges: readonly Exchange[]): Promise<Exchange[]> {
  const meanings = new Map<string, string>();
  const held: Exchange[] = [];
  for (const { request, shown } of exchanges) {
    const typed = request.replaceAll(PLACEHOLDER, (name) => meanings.get(name) ?? name);
    const [reply] = await client.sendBytes(Buffer.from(`${typed}\n`), 1);
    held.push({ request, shown: withPlaceholders(display(decode(reply!)), shown, meanings) });
  }
  return held;
}

/** `actual` with the placeholders of `expected` in the same places of the same lines, whose meanings it notes. */
function withPlaceholders(actual: string, expected: string, meanings: Map<string, string>): string {
  const expectedLines = expected.split("\n");
  const lines = actual.split("\n").map((line, i) => {
    const [name] = expectedLines[i]?.match(PLACEHOLDER) ?? [];
    if (name === undefined) return line;
    const [before, after] = expectedLines[i]!.split(name) as [string, string];
    if (!line.startsWith(before) || !line.endsWith(after)) return line;
    meanings.set(name, line.slice(before.length, line.length - after.length));
    return `${before}${name}${after}`;
  });
  return lines.join("\n");
}

function decode(bytes: Uint8Array): Reply {
  const decoder = new ReplyDecoder();
  decoder.feed(bytes);
  if (!decoder.next()) throw new Error(`no whole reply: ${decoder.error}`);
  return decoder.reply;
}

/** As redis-cli shows a reply of protocol 2 on a terminal. */
function display(reply: Reply, indent = ""): string {
  if (reply === null) return "(nil)";
  if (typeof reply === "number" || typeof reply === "bigint") return `(integer) ${reply}`;
  if (reply instanceof Uint8Array) return JSON.stringify(Buffer.from(reply).toString());
  if (Array.isArray(reply)) {
    const items = reply.map((item, i) => `${i + 1}) ${display(item, `${indent}   `)}`);
    return items.join(`\n${indent}`) || "(empty array)";
  }
  if (typeof reply === "object" && "kind" in reply) {
    if (reply.kind === "simple") return reply.text;
    if (reply.kind === "failure") return `(error) ${reply.text}`;
  }
  throw new Error(`not a reply of protocol 2: ${String(reply)}`);
}
