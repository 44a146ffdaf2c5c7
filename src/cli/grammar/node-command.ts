/** The one shape of all commands that ask a running node: their words, `--json`, where the node is, examples, exit codes. */
import type { Command } from "commander";
import { addNodeOptions } from "./node-options.ts";

type Described = readonly [syntax: string, description: string];

export interface NodeCommand {
  readonly summary: string;
  readonly description: string;
  /** As commander writes them: "<key>", "[target]", "[command...]". */
  readonly arguments?: readonly Described[];
  readonly options?: readonly Described[];
  /** What `--json` prints; undefined for the usual. */
  readonly jsonSummary?: string;
  /** What the help says after the options, before the exit codes. */
  readonly notes?: string;
  /** By code from 0 on, what each says of this command; 2 is the same for all. */
  readonly exitCodes: readonly [well: string, failed: string, ...more: string[]];
}

/** What a user has written. */
export interface Given {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  /** Where the node is: as of `serve`. */
  readonly flags: ReadonlyMap<string, string>;
}

/** Returns `command`, which does as `act` says. */
export function defineNodeCommand(
  command: Command,
  shape: NodeCommand,
  act: (given: Given) => Promise<void>,
): Command {
  command.summary(shape.summary).description(shape.description);
  for (const [syntax, description] of shape.arguments ?? []) command.argument(syntax, description);
  for (const [syntax, description] of shape.options ?? []) command.option(syntax, description);
  command.option("--json", shape.jsonSummary ?? "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", epilogueOf(shape))
    .action((...received: unknown[]) => {
      const options = command.opts();
      const words = received
        .slice(0, -2)
        .flat()
        .filter((word) => typeof word === "string");
      return act({ words, options, json: options.json === true, flags: flagsOf(options) });
    });
}

/** What `--help` says of exit codes. `askedWrongly`: of 2. */
export function exitCodeLines(
  [well, failed, ...more]: NodeCommand["exitCodes"],
  askedWrongly = "asked wrongly",
): string {
  const texts = [well, failed, askedWrongly, ...more];
  return `Exit codes:\n${texts.map((text, code) => `  ${code}  ${text}`).join("\n")}`;
}

function epilogueOf({ notes, exitCodes }: NodeCommand): string {
  return `${notes ?? ""}\n${exitCodeLines(exitCodes)}`;
}
