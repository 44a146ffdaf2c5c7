/** The command line as a whole: its commands and its help. What commands do is passed in. */
import { Command } from "commander";
import { VERSION } from "../node/version.ts";
import { INSPECT_EPILOGUE, PROGRAM_EPILOGUE } from "./epilogues.ts";
import { defineBench } from "./grammar/bench-grammar.ts";
import { defineKeyspace, type KeyspaceActions } from "./grammar/keyspace-grammar.ts";
import { defineLeave, defineStay, defineWeight, type MemberActions } from "./grammar/member-grammar.ts";
import { explainMistake } from "./grammar/mistake.ts";
import {
  defineJoin,
  defineReplace,
  defineServe,
  defineUp,
  type NodeRunActions,
} from "./grammar/node-run-grammar.ts";
import { definePrompt } from "./grammar/prompt-grammar.ts";
import {
  defineHotKeys,
  defineKey,
  defineNodes,
  defineQuestion,
  defineTop,
  type QuestionActions,
} from "./grammar/question-grammar.ts";
import {
  defineCheckpoint,
  defineDoctor,
  defineRepair,
  type UpkeepActions,
} from "./grammar/upkeep-grammar.ts";
import type { InspectOptions } from "./inspect.ts";

const HELP_WIDTH_MAX = 100;

export interface ProgramActions
  extends NodeRunActions,
    QuestionActions,
    UpkeepActions,
    MemberActions,
    KeyspaceActions {
  inspect(path: string, options: InspectOptions): Promise<void>;
  writeOutput(text: string): void;
}

type Define = (command: Command, actions: ProgramActions) => Command;

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, Define>> = {
  serve: defineServe,
  up: defineUp,
  join: defineJoin,
  replace: defineReplace,
  leave: defineLeave,
  weight: defineWeight,
  stay: defineStay,
  status: (command, actions) => defineQuestion(command, "status", actions),
  ring: (command, actions) => defineQuestion(command, "ring", actions),
  nodes: defineNodes,
  keyspaces: (command, actions) => defineQuestion(command, "keyspaces", actions),
  key: defineKey,
  hotkeys: defineHotKeys,
  top: defineTop,
  doctor: defineDoctor,
  repair: defineRepair,
  bench: defineBench,
  keyspace: defineKeyspace,
  cli: definePrompt,
  checkpoint: defineCheckpoint,
  inspect: defineInspect,
};

/** `parseAsync` rejects with CommanderError where it would have ended the process. */
export function createProgram(actions: ProgramActions): Command {
  const program = new Command("kvorum")
    .description("A distributed key-value store that speaks Redis's protocol.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help; `kvorum COMMAND --help` tells more")
    .helpCommand("help [command]", "print this help, or that of a command")
    .showSuggestionAfterError(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: actions.writeOutput,
      writeErr: actions.writeError,
      outputError: (message) => actions.writeError(explainMistake(message, program, "kvorum --help")),
      getOutHelpWidth: () => helpWidth(process.stdout.columns),
      getErrHelpWidth: () => helpWidth(process.stderr.columns),
    })
    .addHelpText("after", PROGRAM_EPILOGUE);
  for (const [name, define] of Object.entries(COMMANDS)) {
    const command = new Command(name);
    const outputError = (message: string) =>
      actions.writeError(explainMistake(message, command, `kvorum ${name} --help`));
    command.copyInheritedSettings(program).configureOutput({ outputError });
    program.addCommand(define(command, actions));
  }
  return program;
}

function defineInspect(command: Command, actions: ProgramActions): Command {
  return command
    .summary("say what files of a data directory hold, and verify them")
    .description(
      "Says what a log, a table, a manifest, an identity or a whole data directory holds, and verifies every checksum. " +
        "Changes nothing; a node may be running on the directory.",
    )
    .argument("<path>", "a data directory, or one of its files")
    .option("--json", "print one line of JSON")
    .option("--rows", "list every row, too")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", INSPECT_EPILOGUE)
    .action((path: string, { json = false, rows = false }: Partial<InspectOptions>) =>
      actions.inspect(path, { json, rows }),
    );
}

function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? HELP_WIDTH_MAX, HELP_WIDTH_MAX);
}
