import { expect, test } from "vitest";
import { type Argument, parseSyntax } from "./command-syntax.ts";
import { createCommandTable } from "./commands.ts";

/** Arguments in short: `name:type`, TOKEN before, ? and + after, parts in brackets. */
function brief({ name, type, token, isOptional, isMultiple, parts }: Argument): string {
  const what = type === "pure-token" ? "" : `${name}:${type}`;
  const inside = parts === undefined ? "" : `(${parts.map(brief).join(" ")})`;
  return [token, what].filter(Boolean).join(" ") + inside + (isOptional ? "?" : "") + (isMultiple ? "+" : "");
}

test.each([
  ["key", "key:key"],
  ["key value", "key:key value:string"],
  ["key [key ...]", "key:key+"],
  ["key value [key value ...]", "key_value:block(key:key value:string)+"],
  ["[NX | XX]", "nx_xx:oneof(NX XX)?"],
  ["key [GET]", "key:key GET?"],
  ["[EX seconds | KEEPTTL]", "seconds_keepttl:oneof(EX seconds:integer KEEPTTL)?"],
  ["<ON | OFF>", "on_off:oneof(ON OFF)"],
  ["[TYPE <NORMAL | PUBSUB>]", "TYPE normal_pubsub:oneof(NORMAL PUBSUB)?"],
  ["[ID client-id [client-id ...]]", "ID client-id:integer?+"],
  ["[AUTH username password]", "AUTH auth:block(username:string password:string)?"],
  ["[section [section ...]]", "section:string?+"],
  ["start [end [BYTE | BIT]]", "start:integer end_byte_bit:block(end:integer byte_bit:oneof(BYTE BIT)?)?"],
])("%s", (syntax, expected) => {
  expect(parseSyntax(syntax).map(brief).join(" ")).toBe(expected);
});

test("every command's syntax is read to its end, and each name is one word", () => {
  const commands = createCommandTable()
    .entries()
    .map(({ command }) => command);
  for (const { name, syntax = "" } of commands) {
    const words = syntax.match(/[^\s[\]<>|.]+/g) ?? [];
    const found = new Set(parseSyntax(syntax).flatMap(wordsOf));
    expect(
      words.filter((word) => !found.has(word)),
      name,
    ).toEqual([]);
  }
});

function wordsOf({ name, token, parts }: Argument): readonly string[] {
  const own = token === undefined ? [name] : [name, token];
  return [...own, ...(parts ?? []).flatMap(wordsOf)];
}
