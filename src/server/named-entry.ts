/** From a name in the command table to the command that is meant, with so many arguments. */
import { echo, latin1 } from "./arguments.ts";
import { CommandError, type RunnableCommand } from "./command-shape.ts";
import type { CommandEntry, TableItem } from "./command-table.ts";
import { unknownCommandText } from "./refusal-text.ts";

/** Throws CommandError if there is no such command, or not with so many arguments. */
export function namedEntry<S>(item: TableItem<S> | undefined, args: readonly Uint8Array[]): CommandEntry<S> {
  if (item === undefined) throw new CommandError(unknownCommandText(args));
  const entry = item.kind === "command" ? item.entry : subcommandOf(item, args);
  if (!hasArity(entry.command, args.length)) throw wrongArity(entry.command.name);
  return entry;
}

/** Hot. `argCount` counts the name. */
export function hasArity({ arity }: RunnableCommand, argCount: number): boolean {
  return arity >= 0 ? argCount === arity : argCount >= -arity;
}

function subcommandOf<S>(
  item: TableItem<S> & { kind: "container" },
  args: readonly Uint8Array[],
): CommandEntry<S> {
  const { name } = item.container;
  if (args.length < 2 && item.alone !== undefined) return item.alone;
  if (args.length < 2) throw wrongArity(name);
  const entry = item.entries.get(latin1(args[1]!).toLowerCase());
  if (entry !== undefined) return entry;
  throw new CommandError(`ERR unknown subcommand '${echo(args[1]!)}'. Try ${name.toUpperCase()} HELP.`);
}

function wrongArity(name: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${name}' command`);
}
