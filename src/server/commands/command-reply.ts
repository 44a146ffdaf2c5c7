/** A command as COMMAND INFO and COMMAND DOCS answer it. */
import { map, type Reply, type ReplyPair, set, simple } from "../../resp/reply.ts";
import type { Command } from "../command.ts";
import { type Argument, parseSyntax } from "../command-syntax.ts";
import { categoriesOf, flagsOf, type KeySpec, keySpecsOf, tipsOf } from "../command-traits.ts";

/** The ten facts of COMMAND INFO. */
export function factsOf(command: Command): Reply {
  const { name, arity, keys } = command;
  const isContainer = command.kind === "container";
  return [
    name,
    arity,
    set(flagsOf(command).map(simple)),
    keys?.first ?? 0,
    keys?.last ?? 0,
    keys?.step ?? 0,
    set(categoriesOf(command, isContainer).map((category) => simple(`@${category}`))),
    set(tipsOf(command)),
    set(keySpecsOf(command).map(keySpecReply)),
    isContainer ? command.subcommands.map(factsOf) : set([]),
  ];
}

function keySpecReply({ flags, begin, lastKey, step }: KeySpec): Reply {
  const find = map([
    ["lastkey", lastKey],
    ["keystep", step],
    ["limit", 0],
  ]);
  return map([
    ["flags", set(flags.map(simple))],
    ["begin_search", typed("index", map([["index", begin]]))],
    ["find_keys", typed("range", find)],
  ]);
}

function typed(type: string, spec: Reply): Reply {
  return map([
    ["type", type],
    ["spec", spec],
  ]);
}

export function documentationOf(command: Command): Reply {
  const { summary, since, group, complexity, syntax } = command;
  const facts: ReplyPair[] = [
    ["summary", summary],
    ["since", since],
    ["group", group],
    ["complexity", complexity],
  ];
  if (syntax !== undefined) facts.push(["arguments", argumentsReply(parseSyntax(syntax))]);
  if (command.kind === "container") {
    const documented = command.subcommands.map((sub): ReplyPair => [sub.name, documentationOf(sub)]);
    facts.push(["subcommands", map(documented)]);
  }
  return map(facts);
}

function argumentsReply(found: readonly Argument[]): Reply {
  return found.map(argumentReply);
}

function argumentReply({ name, type, token, isOptional, isMultiple, parts }: Argument): Reply {
  const facts: ReplyPair[] = [
    ["name", name],
    ["type", type],
  ];
  if (type === "key") facts.push(["key_spec_index", 0]);
  if (token !== undefined) facts.push(["token", token]);
  const flags = [isOptional && "optional", isMultiple && "multiple"].filter(
    (flag) => typeof flag === "string",
  );
  if (flags.length > 0) facts.push(["flags", set(flags.map(simple))]);
  if (parts !== undefined) facts.push(["arguments", argumentsReply(parts)]);
  return map(facts);
}
