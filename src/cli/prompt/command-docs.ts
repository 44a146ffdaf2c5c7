/** What COMMAND DOCS tells of commands: for completion, and for who does not know how a command is used. */
import type { PlainReply } from "../../resp/plain-reply.ts";
import { nearest } from "../suggestion.ts";

export interface CommandDoc {
  readonly summary: string;
  /** "key value [NX | XX]". */
  readonly syntax: string;
  /** Their names, without the container's. */
  readonly subcommands: readonly string[];
}

/** By name, lower case; of subcommands "client list". */
export class CommandDocs {
  readonly #docs = new Map<string, CommandDoc>();

  /** Of the reply of COMMAND DOCS, in either protocol. */
  constructor(reply: PlainReply) {
    for (const [name, facts] of pairsOf(reply)) this.#add(String(name), facts);
  }

  get names(): readonly string[] {
    return [...this.#docs.keys()].filter((name) => !name.includes(" "));
  }

  find(...words: readonly string[]): CommandDoc | undefined {
    const [first = "", second = ""] = words.map((word) => word.toLowerCase());
    return this.#docs.get(`${first} ${second}`) ?? this.#docs.get(first);
  }

  /** What the last word of `line` may become, and that word. In the case in which it was begun. */
  complete(line: string): [candidates: string[], word: string] {
    const words = line.trimStart().split(/\s+/);
    const word = words.at(-1)!;
    const known =
      words.length === 1 ? this.names : words.length === 2 ? (this.find(words[0]!)?.subcommands ?? []) : [];
    const isLower = /^[a-z]/.test(words[0]!);
    const found = known.filter((name) => name.startsWith(word.toLowerCase())).sort();
    return [found.map((name) => `${isLower ? name : name.toUpperCase()} `), word];
  }

  /** The name probably meant. */
  nearest(name: string): string | undefined {
    return nearest(name.toLowerCase(), this.names)?.toUpperCase();
  }

  /** For people: how the command is used, and what it does. */
  help(...words: readonly string[]): string | undefined {
    const doc = this.find(...words);
    if (doc === undefined) return undefined;
    const isSub = this.#docs.has(words.slice(0, 2).join(" ").toLowerCase());
    const name = words
      .slice(0, isSub ? 2 : 1)
      .join(" ")
      .toUpperCase();
    const subcommands = doc.subcommands.length === 0 ? "" : `\n  ${doc.subcommands.join(", ").toUpperCase()}`;
    return `${name}${doc.syntax === "" ? "" : ` ${doc.syntax}`}\n  ${doc.summary}${subcommands}`;
  }

  #add(name: string, facts: PlainReply): void {
    const fields = new Map(pairsOf(facts).map(([key, value]) => [String(key), value]));
    const subcommands = pairsOf(fields.get("subcommands") ?? []).map(([sub, subFacts]) => {
      const own = String(sub).split("|").at(-1)!;
      this.#add(`${name} ${own}`, subFacts);
      return own;
    });
    const syntax = listOf(fields.get("arguments")).map(argumentText).join(" ");
    this.#docs.set(name.toLowerCase(), { summary: String(fields.get("summary") ?? ""), syntax, subcommands });
  }
}

function argumentText(argument: PlainReply): string {
  const fields = new Map(pairsOf(argument).map(([key, value]) => [String(key), value]));
  const parts = listOf(fields.get("arguments")).map(argumentText);
  const token = fields.has("token") ? String(fields.get("token")) : "";
  const type = String(fields.get("type"));
  const name = String(fields.get("name"));
  const own =
    type === "oneof"
      ? parts.join(" | ")
      : type === "block"
        ? parts.join(" ")
        : type === "pure-token"
          ? ""
          : name;
  const whole = [token, own].filter((part) => part !== "").join(" ");
  const flags = fields.get("flags");
  const has = (flag: string): boolean =>
    flags instanceof Set ? flags.has(flag) : listOf(flags).includes(flag);
  const repeated = has("multiple") ? `${whole} [${whole} ...]` : whole;
  if (has("optional")) return `[${repeated}]`;
  return type === "oneof" && !has("multiple") ? `<${repeated}>` : repeated;
}

function listOf(reply: PlainReply | undefined): readonly PlainReply[] {
  return Array.isArray(reply) ? (reply as readonly PlainReply[]) : [];
}

/** A map, or an array of keys and values. */
function pairsOf(reply: PlainReply): readonly (readonly [PlainReply, PlainReply])[] {
  if (reply instanceof Map) return [...reply];
  const list = listOf(reply);
  return list.flatMap((key, i) => (i % 2 === 0 ? [[key, list[i + 1] ?? null] as const] : []));
}
