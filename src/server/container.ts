/** Commands with subcommands: their HELP, and the refusal of a subcommand that is used wrongly. */
import { type Reply, simple } from "../resp/reply.ts";
import { echo } from "./arguments.ts";
import { CommandError, type ContainerCommand, type SessionCommand } from "./command.ts";

type Given = "name" | "group" | "since" | "summary" | "subcommands";

export interface ContainerDescription
  extends Pick<ContainerCommand, Given>,
    Partial<Pick<ContainerCommand, "arity" | "flags" | "alone">> {
  /** The version of Redis that brought its HELP. */
  readonly helpSince: string;
}

/** A container that has HELP besides the subcommands given: it tells of each what that says of itself. */
export function container({ helpSince, ...description }: ContainerDescription): ContainerCommand {
  const { name, group, subcommands } = description;
  const help: SessionCommand = {
    name: `${name}|help`,
    kind: "session",
    arity: 2,
    flags: ["loading", "stale"],
    group,
    since: helpSince,
    summary: "Lists the subcommands.",
    complexity: "O(1)",
    run: () => helpLines(name, [...subcommands, help]),
  };
  return {
    arity: -2,
    flags: [],
    complexity: "Depends on the subcommand.",
    ...description,
    kind: "container",
    subcommands: [...subcommands, help],
  };
}

function helpLines(name: string, subcommands: ContainerCommand["subcommands"]): Reply {
  const lines = [`${name.toUpperCase()} <subcommand> [argument ...]. The subcommands:`];
  for (const subcommand of subcommands) {
    const word = subcommand.name.slice(name.length + 1).toUpperCase();
    lines.push(subcommand.syntax === undefined ? word : `${word} ${subcommand.syntax}`);
    lines.push(`    ${subcommand.summary}`);
  }
  return lines.map((line) => simple(line));
}

/** For arguments that no form of a known subcommand has. */
export function misusedSubcommand(args: readonly Uint8Array[]): CommandError {
  const name = echo(args[0]!).toUpperCase();
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${echo(args[1]!)}'. Try ${name} HELP.`,
  );
}
