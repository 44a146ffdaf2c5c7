/**
 * The arguments of a command as COMMAND DOCS tells them, read from its syntax line.
 *
 *   key              an argument; its type goes by its name
 *   NX               a token: the word itself
 *   EX seconds       an argument after a token
 *   [x] [x | y]      may be left out
 *   <x | y>          one of several
 *   key [key ...]    one or more
 *
 * Requires: brackets are balanced. A test reads every command's line.
 */

export interface Argument {
  readonly name: string;
  readonly type:
    | "string"
    | "integer"
    | "double"
    | "key"
    | "pattern"
    | "unix-time"
    | "pure-token"
    | "oneof"
    | "block";
  readonly token?: string;
  readonly isOptional?: boolean;
  readonly isMultiple?: boolean;
  /** Of a oneof or a block. */
  readonly parts?: readonly Argument[];
}

export function parseSyntax(syntax: string): readonly Argument[] {
  const reader: Reader = { words: syntax.match(/\.\.\.|[[\]<>|]|[^\s[\]<>|]+/g) ?? [], at: 0 };
  return sequence(reader);
}

interface Reader {
  readonly words: readonly string[];
  at: number;
}

const TOKEN = /^[A-Z][A-Z0-9-]*$/;

/** Until the end of the bracket, or of the alternative. */
function sequence(reader: Reader): readonly Argument[] {
  const found: Argument[] = [];
  for (;;) {
    const word = reader.words[reader.at];
    if (word === undefined || word === "]" || word === ">" || word === "|") return found;
    if (word === "[") optional(reader, found);
    else if (word === "...") repeat(reader, found);
    else found.push(item(reader));
  }
}

/** One argument, with the token before it if there is one. */
function item(reader: Reader): Argument {
  const word = reader.words[reader.at]!;
  if (word === "<") return bracket(reader);
  reader.at++;
  if (!TOKEN.test(word)) return { name: word, type: typeOf(word) };
  const values: Argument[] = [];
  while (isValue(reader.words[reader.at])) values.push(item(reader));
  const name = word.toLowerCase();
  if (values.length === 0) return { name, type: "pure-token", token: word };
  if (values.length === 1) return { ...values[0]!, token: word };
  return { name, type: "block", token: word, parts: values };
}

function isValue(word: string | undefined): boolean {
  return word === "<" || (word !== undefined && !/^([[\]>|]|\.\.\.)$/.test(word) && !TOKEN.test(word));
}

/** Alternatives between two brackets, as one argument. */
function bracket(reader: Reader): Argument {
  const alternatives: Argument[] = [];
  do {
    reader.at++;
    alternatives.push(joined(sequence(reader)));
  } while (reader.words[reader.at] === "|");
  reader.at++;
  if (alternatives.length === 1) return alternatives[0]!;
  return { name: nameOf(alternatives), type: "oneof", parts: alternatives };
}

/** `[key ...]` after `key` says that there may be more of them; anything else in brackets is an argument itself. */
function optional(reader: Reader, before: Argument[]): void {
  const inside = bracket(reader);
  const parts = inside.type === "block" && inside.token === undefined ? inside.parts! : [inside];
  const latest = before.slice(-parts.length);
  const repeats = inside.isMultiple && parts.every((part, i) => part.name === latest[i]?.name);
  if (repeats) before.push({ ...joined(before.splice(-parts.length)), isMultiple: true });
  else before.push({ ...inside, isOptional: true });
}

/** What stands before the dots in this bracket may be there many times. */
function repeat(reader: Reader, before: Argument[]): void {
  reader.at++;
  before.push({ ...joined(before.splice(0)), isMultiple: true });
}

function joined(found: readonly Argument[]): Argument {
  if (found.length === 1) return found[0]!;
  return { name: nameOf(found), type: "block", parts: found };
}

function nameOf(parts: readonly Argument[]): string {
  return parts.map(({ name }) => name).join("_");
}

const KEY = /^(key\d?|newkey|destkey|source|destination)$/;
const INTEGER =
  /^(seconds|milliseconds|count|offset|start|end|increment|decrement|port|db|index|cursor|bit|value-bits|protover|client-id|timeout|numreplicas|min-match-len|len|destination-db|index\d)$/;

function typeOf(name: string): Argument["type"] {
  if (KEY.test(name)) return "key";
  if (INTEGER.test(name)) return "integer";
  if (name.startsWith("unix-time")) return "unix-time";
  return name === "pattern" ? "pattern" : "string";
}
