/**
 * `FUNCTION FLUSH | LIST | DELETE` and `SCRIPT FLUSH | EXISTS`, as of a server that keeps no functions and no scripts:
 * programs that clear both before they begin (test suites, migrations) go on.
 */
import { OK } from "../../resp/reply.ts";
import { echo, word } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { container, misusedSubcommand } from "../container.ts";

const functionFlush: SessionCommand = {
  name: "function|flush",
  kind: "session",
  arity: -2,
  flags: ["write", "noscript"],
  group: "scripting",
  since: "7.0.0",
  summary: "Answers OK: there are no functions to remove.",
  complexity: "O(1)",
  syntax: "[ASYNC | SYNC]",
  run(_session, args) {
    if (args.length > 3) throw misusedSubcommand(args);
    if (args.length === 3 && !isFlushMode(args[2]!)) {
      throw new CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
    return OK;
  },
};

const functionList: SessionCommand = {
  name: "function|list",
  kind: "session",
  arity: -2,
  flags: ["noscript"],
  group: "scripting",
  since: "7.0.0",
  summary: "Answers that there are no functions.",
  complexity: "O(1)",
  syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
  run(_session, args) {
    const seen = new Set<string>();
    for (let i = 2; i < args.length; i++) {
      const option = word(args[i]!);
      const isKnown = (option === "WITHCODE" || option === "LIBRARYNAME") && !seen.has(option);
      if (!isKnown) throw new CommandError(`ERR Unknown argument ${echo(args[i]!)}`);
      seen.add(option);
      if (option === "LIBRARYNAME" && ++i === args.length) {
        throw new CommandError("ERR library name argument was not given");
      }
    }
    return [];
  },
};

const functionDelete: SessionCommand = {
  name: "function|delete",
  kind: "session",
  arity: 3,
  flags: ["write", "noscript"],
  group: "scripting",
  since: "7.0.0",
  summary: "Refuses, since there is no such library.",
  complexity: "O(1)",
  syntax: "library-name",
  run() {
    throw new CommandError("ERR Library not found");
  },
};

const scriptFlush: SessionCommand = {
  name: "script|flush",
  kind: "session",
  arity: -2,
  flags: ["noscript"],
  group: "scripting",
  since: "2.6.0",
  summary: "Answers OK: there are no scripts to remove.",
  complexity: "O(1)",
  syntax: "[ASYNC | SYNC]",
  run(_session, args) {
    if (args.length === 2 || (args.length === 3 && isFlushMode(args[2]!))) return OK;
    throw new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  },
};

const scriptExists: SessionCommand = {
  name: "script|exists",
  kind: "session",
  arity: -3,
  flags: ["noscript"],
  group: "scripting",
  since: "2.6.0",
  summary: "Answers 0 for each script: there are none.",
  complexity: "O(N) with N scripts",
  syntax: "sha1 [sha1 ...]",
  run: (_session, args) => args.slice(2).map(() => 0),
};

function isFlushMode(argument: Uint8Array): boolean {
  const mode = word(argument);
  return mode === "SYNC" || mode === "ASYNC";
}

export const functionCommand = container({
  name: "function",
  group: "scripting",
  since: "7.0.0",
  helpSince: "7.0.0",
  summary: "Tells of functions, of which there are none.",
  subcommands: [functionDelete, functionFlush, functionList],
});

export const scriptCommand = container({
  name: "script",
  group: "scripting",
  since: "2.6.0",
  helpSince: "5.0.0",
  summary: "Tells of scripts, of which there are none.",
  subcommands: [scriptExists, scriptFlush],
});
