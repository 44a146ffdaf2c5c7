/** `COMMAND [COUNT | DOCS | GETKEYS | GETKEYSANDFLAGS | INFO | LIST]`: what the commands say of themselves. */
import { matchesGlob } from "../../base/glob.ts";
import { type Reply, set, simple } from "../../resp/reply.ts";
import { fromLatin1, latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import {
  type Command,
  CommandError,
  type RunnableCommand,
  type Session,
  type SessionCommand,
} from "../command.ts";
import type { CommandEntry, CommandTable, TableItem } from "../command-table.ts";
import { categoriesOf, keySpecsOf } from "../command-traits.ts";
import { container } from "../container.ts";
import { keyRefsOf } from "../key-refs.ts";
import { documentationOf, factsOf } from "./command-reply.ts";

const ordinary = {
  kind: "session",
  flags: ["loading", "stale"],
  group: "server",
  since: "2.8.13",
  complexity: "O(N) in the commands",
} as const;

const commandAlone: SessionCommand = {
  ...ordinary,
  name: "command",
  arity: -1,
  summary: "Describes all commands.",
  run: ({ server }) => all(server.commands).map(factsOf),
};

const commandCount: SessionCommand = {
  ...ordinary,
  name: "command|count",
  arity: 2,
  summary: "Answers how many commands there are.",
  complexity: "O(1)",
  run: ({ server }) => server.commands.items.length,
};

const commandInfo: SessionCommand = {
  ...ordinary,
  name: "command|info",
  arity: -2,
  summary: "Describes commands for programs; all of them unless named.",
  syntax: "[command-name [command-name ...]]",
  run({ server: { commands } }, args) {
    if (args.length === 2) return all(commands).map(factsOf);
    const described = describer(factsOf);
    return args.slice(2).map((name) => {
      const command = commandNamed(commands, name);
      return command === undefined ? null : described(command);
    });
  },
};

const commandDocs: SessionCommand = {
  ...ordinary,
  name: "command|docs",
  arity: -2,
  since: "7.0.0",
  summary: "Describes commands for people; all of them unless named.",
  syntax: "[command-name [command-name ...]]",
  run({ server: { commands } }, args) {
    const named = args.slice(2).map((name) => commandNamed(commands, name));
    const asked = args.length === 2 ? all(commands) : named.filter((command) => command !== undefined);
    const described = describer(documentationOf);
    return { kind: "map", entries: asked.map((command) => [command.name, described(command)]) };
  },
};

/** `describe`, but once for each command, however often a request names it. */
function describer(describe: (command: Command) => Reply): (command: Command) => Reply {
  const described = new Map<Command, Reply>();
  return (command) => {
    const reply = described.get(command) ?? describe(command);
    described.set(command, reply);
    return reply;
  };
}

const commandList: SessionCommand = {
  ...ordinary,
  name: "command|list",
  arity: -2,
  since: "7.0.0",
  summary: "Answers the names of the commands, subcommands too.",
  syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
  run({ server }, args) {
    const commands = all(server.commands).flatMap((command) =>
      command.kind === "container" ? [command, ...command.subcommands] : [command],
    );
    const passes = args.length === 2 ? () => true : filter(args);
    return commands.filter(passes).map(({ name }) => name);
  },
};

function filter(args: readonly Uint8Array[]): (command: Command) => boolean {
  if (args.length !== 5 || word(args[2]!) !== "FILTERBY") throw new CommandError(SYNTAX_ERROR);
  const value = latin1(args[4]!).toLowerCase();
  switch (word(args[3]!)) {
    case "MODULE":
      return () => false;
    case "ACLCAT":
      return (command) => categoriesOf(command, command.kind === "container").includes(value);
    case "PATTERN":
      return ({ name }) => matchesGlob(fromLatin1(value), fromLatin1(name));
    default:
      throw new CommandError(SYNTAX_ERROR);
  }
}

const commandGetkeys: SessionCommand = {
  ...ordinary,
  name: "command|getkeys",
  arity: -4,
  summary: "Answers the keys of a request.",
  complexity: "O(N) in the arguments",
  syntax: "command [arg [arg ...]]",
  run: (session, args) => keysOf(session, args.slice(2)).map(({ key }) => key),
};

const commandGetkeysandflags: SessionCommand = {
  ...ordinary,
  name: "command|getkeysandflags",
  arity: -4,
  since: "7.0.0",
  summary: "Answers the keys of a request, and what it does with each.",
  complexity: "O(N) in the arguments",
  syntax: "command [arg [arg ...]]",
  run: (session, args) =>
    keysOf(session, args.slice(2)).map(({ key, flags }) => [key, set(flags.map(simple))]),
};

const READS = ["RO", "access"];
const READS_AND_WRITES = ["RW", "access", "update"];
const OVERWRITES = ["OW", "update"];

interface KeyUse {
  readonly key: Uint8Array;
  readonly flags: readonly string[];
}

function keysOf({ server, database }: Session, args: readonly Uint8Array[]): readonly KeyUse[] {
  const command = requestedCommand(server.commands, args);
  if (command === undefined) throw new CommandError("ERR Invalid command specified");
  const specs = keySpecsOf(command);
  if (specs.length === 0) throw new CommandError("ERR The command has no key arguments");
  const { arity } = command;
  if (arity >= 0 ? args.length !== arity : args.length < -arity) {
    throw new CommandError("ERR Invalid number of arguments specified for command");
  }
  const refs = keyRefsOf(command, args, database);
  return refs.map(({ key }, i) => {
    const { flags } = specs[Math.min(i, specs.length - 1)]!;
    return { key, flags: flags.includes("variable_flags") ? flagsByOptions(command.name, args) : flags };
  });
}

/** What SET and BITFIELD do with their key depends on the words that follow. */
function flagsByOptions(name: string, args: readonly Uint8Array[]): readonly string[] {
  const words = args.map(word);
  if (name === "set") return words.indexOf("GET", 3) > 0 ? READS_AND_WRITES : OVERWRITES;
  return onlyReadsFields(words) ? READS : READS_AND_WRITES;
}

/** True if BITFIELD's subcommands are all GET. */
function onlyReadsFields(words: readonly string[]): boolean {
  let i = 2;
  while (i < words.length) {
    if (words[i] === "GET" && i + 2 < words.length) i += 3;
    else if (words[i] === "OVERFLOW" && i + 1 < words.length) i += 2;
    else return false;
  }
  return true;
}

function requestedCommand(commands: CommandTable, args: readonly Uint8Array[]): RunnableCommand | undefined {
  const item = commands.find(args[0]!, 0, args[0]!.length);
  if (item === undefined || item.kind === "command") return item?.entry.command;
  return entryIn(item, latin1(args[1]!))?.command;
}

/** By name, or by "container|subcommand". */
function commandNamed(commands: CommandTable, name: Uint8Array): Command | undefined {
  const [first, second, third] = latin1(name).split("|", 3);
  if (third !== undefined) return undefined;
  const item = commands.find(fromLatin1(first!), 0, first!.length);
  if (item === undefined) return undefined;
  if (second !== undefined) return item.kind === "container" ? entryIn(item, second)?.command : undefined;
  return item.kind === "container" ? item.container : item.entry.command;
}

function entryIn(item: TableItem & { kind: "container" }, subcommand: string): CommandEntry | undefined {
  return item.entries.get(subcommand.toLowerCase());
}

function all(commands: CommandTable): readonly Command[] {
  return commands.items.map((item) => (item.kind === "container" ? item.container : item.entry.command));
}

export const command = container({
  name: "command",
  arity: -1,
  flags: ["loading", "stale"],
  group: "server",
  since: "2.8.13",
  helpSince: "5.0.0",
  summary: "Describes the commands.",
  alone: commandAlone,
  subcommands: [commandCount, commandDocs, commandGetkeys, commandGetkeysandflags, commandInfo, commandList],
});
