/** The grammar and the help of the command line. What commands do is passed in. */
import { Command, Option } from "commander";
import { VERSION } from "../node/version.ts";
import type { ClusterQuestion, QuestionForm } from "./cluster/cluster-questions.ts";
import type { MemberChange } from "./cluster/member-change.ts";
import {
  CHECKPOINT_EPILOGUE,
  INSPECT_EPILOGUE,
  PROGRAM_EPILOGUE,
  QUESTION_EPILOGUE,
  REPAIR_EPILOGUE,
  SERVE_EPILOGUE,
  UP_EPILOGUE,
} from "./epilogues.ts";
import { defineBench } from "./grammar/bench-grammar.ts";
import { defineDoctor } from "./grammar/doctor-grammar.ts";
import { defineKeyspace, type KeyspaceActions } from "./grammar/keyspace-grammar.ts";
import { defineLeave, defineStay, defineWeight } from "./grammar/member-grammar.ts";
import { explainMistake } from "./grammar/mistake.ts";
import { addNodeOptions } from "./grammar/node-options.ts";
import { definePrompt } from "./grammar/prompt-grammar.ts";
import { defineHotKeys, defineKey, defineNodes } from "./grammar/question-grammar.ts";
import type { ToolActions } from "./grammar/tool-request.ts";
import { defineTop } from "./grammar/top-grammar.ts";
import type { InspectOptions } from "./inspect.ts";
import type { RepairForm } from "./repair/repair.ts";
import { defaultTextOf, flagSyntaxOf, SETTING_OPTIONS, type SettingOption } from "./setting-options.ts";
import { FIRST_PORT_DEFAULT, NODES_DEFAULT, NODES_MAX, SETTINGS_OF_ONE_NODE } from "./up/up-plan.ts";

const HELP_WIDTH_MAX = 100;

export interface ProgramActions extends ToolActions {
  /** `flags`: by option name, as the user wrote them. */
  serve(flags: ReadonlyMap<string, string>): Promise<void>;
  /** `nodes`: as the user wrote it, if so. `flags`: as of `serve`, for every node; `port` is the first one's. */
  up(nodes: string | undefined, flags: ReadonlyMap<string, string>): Promise<void>;
  inspect(path: string, options: InspectOptions): Promise<void>;
  /** `flags`: as of `serve`; they say where the node is. `target`: undefined if none was given. */
  checkpoint(target: string | undefined, flags: ReadonlyMap<string, string>): Promise<void>;
  /** `flags`: as of `serve`; they say where the node is. */
  question(question: ClusterQuestion, form: QuestionForm, flags: ReadonlyMap<string, string>): Promise<void>;
  /** `flags`: as of `serve`; they say where a node of the cluster is. */
  changeMember(change: MemberChange, flags: ReadonlyMap<string, string>): Promise<void>;
  keyspace: KeyspaceActions["keyspace"];
  repair(form: RepairForm, flags: ReadonlyMap<string, string>): Promise<void>;
  writeOutput(text: string): void;
  writeError(text: string): void;
}

/** `parseAsync` rejects with CommanderError where it would have ended the process. */
export function createProgram(actions: ProgramActions): Command {
  const program = new Command("kvorum")
    .description("A distributed key-value store that speaks Redis's protocol.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help; `kvorum COMMAND --help` tells more")
    .helpCommand(false)
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
  const begin = (name: string): Command => {
    const command = new Command(name);
    const outputError = (message: string) =>
      actions.writeError(explainMistake(message, command, `kvorum ${name} --help`));
    return command.copyInheritedSettings(program).configureOutput({ outputError });
  };
  program.addCommand(defineServe(begin("serve"), actions));
  program.addCommand(defineUp(begin("up"), actions));
  program.addCommand(defineStatus(begin("status"), actions));
  program.addCommand(defineRing(begin("ring"), actions));
  program.addCommand(defineNodes(begin("nodes"), actions));
  program.addCommand(defineKeyspaces(begin("keyspaces"), actions));
  program.addCommand(defineKey(begin("key"), actions));
  program.addCommand(defineHotKeys(begin("hotkeys"), actions));
  program.addCommand(defineTop(begin("top"), actions));
  program.addCommand(defineDoctor(begin("doctor"), actions));
  program.addCommand(defineRepair(begin("repair"), actions));
  program.addCommand(defineLeave(begin("leave"), actions));
  program.addCommand(defineWeight(begin("weight"), actions));
  program.addCommand(defineStay(begin("stay"), actions));
  program.addCommand(defineBench(begin("bench"), actions));
  program.addCommand(defineKeyspace(begin("keyspace"), actions));
  program.addCommand(definePrompt(begin("cli"), actions));
  program.addCommand(defineCheckpoint(begin("checkpoint"), actions));
  return program.addCommand(defineInspect(begin("inspect"), actions));
}

function defineCheckpoint(command: Command, actions: ProgramActions): Command {
  command
    .summary("have a running node make a copy of all its data")
    .description(
      "Has a running node make a copy of all its data, as it is at one moment, and prints where it is. The copy is a " +
        "data directory of its own. On the same file system it is made of hard links: in no time, and hardly any space.",
    )
    .argument(
      "[target]",
      "a name, for DATA/checkpoints/NAME, or a path with a slash; a name by the time if none is given",
    );
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", CHECKPOINT_EPILOGUE)
    .action((target: string | undefined, given: Record<string, unknown>) =>
      actions.checkpoint(target, flagsOf(given)),
    );
}

function defineStatus(command: Command, actions: ProgramActions): Command {
  command
    .summary("say who is in a cluster, who is up, and what each keeps")
    .description(
      "Asks a running node who is in its cluster, who is up as far as it knows, how many of the 16384 slots each keeps " +
        "copies of, and how many writes (hints) the asked node keeps for those that are away.",
    );
  return defineQuestion(command, "status", actions);
}

function defineRing(command: Command, actions: ProgramActions): Command {
  command
    .summary("say which nodes keep which slots")
    .description(
      "Asks a running node which nodes keep which of the 16384 slots, and whom to ask first: those that are up come first. " +
        "CLUSTER KEYSLOT tells the slot of a key.",
    );
  return defineQuestion(command, "ring", actions);
}

function defineKeyspaces(command: Command, actions: ProgramActions): Command {
  command
    .summary("say what keys are kept how")
    .description(
      "Asks a running node how many copies there are of keys, and how many machines reads and writes wait for.",
    );
  return defineQuestion(command, "keyspaces", actions);
}

function defineRepair(command: Command, actions: ProgramActions): Command {
  command
    .summary("compare all copies now, and mend what differs")
    .description(
      "Has each node of a running node's cluster compare its copies with the other replicas' and mend what differs, one " +
        "node after another. Nodes do that by themselves all the time, slowly: this is for who does not want to wait.",
    )
    .option("--slots <first-last>", "only these slots; CLUSTER KEYSLOT tells that of a key")
    .option("--json", "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", REPAIR_EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.repair({ slots: given.slots as string | undefined, json: given.json === true }, flagsOf(given)),
    );
}

function defineQuestion(command: Command, question: ClusterQuestion, actions: ProgramActions): Command {
  const flagsOf = addNodeOptions(command.option("--json", "print one line of JSON"));
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", QUESTION_EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.question(question, { json: given.json === true }, flagsOf(given)),
    );
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

function defineServe(command: Command, actions: ProgramActions): Command {
  command
    .summary("run one node")
    .description("Runs one node until it is told to stop (Ctrl-C, SIGTERM, or SHUTDOWN from a client).")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", SERVE_EPILOGUE);
  const flagsOf = addSettings(command, SETTING_OPTIONS);
  return command.action((given: Record<string, unknown>) => actions.serve(flagsOf(given)));
}

function defineUp(command: Command, actions: ProgramActions): Command {
  command
    .summary("run a cluster on this machine, to try it")
    .description(
      "Runs several nodes of one cluster on this machine, each in a process of its own, until it is told to stop. " +
        "A node that dies stays dead until you start it again.",
    )
    .option("--nodes <number>", `how many nodes, 1 to ${NODES_MAX} [${NODES_DEFAULT}]`)
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", UP_EPILOGUE);
  const settings = SETTING_OPTIONS.flatMap((setting) => {
    if (setting.name === "port")
      return { ...setting, summary: `the first node's port; the others follow [${FIRST_PORT_DEFAULT}]` };
    if (setting.name === "data") return { ...setting, summary: "where each node has a directory of its own" };
    return SETTINGS_OF_ONE_NODE.includes(setting.name) ? [] : setting;
  });
  const flagsOf = addSettings(command, settings);
  return command.action((given: Record<string, unknown>) =>
    actions.up(given.nodes as string | undefined, flagsOf(given)),
  );
}

/** Returns what makes flags of what commander gives an action: those that were given, by the setting's name. */
function addSettings(
  command: Command,
  settings: readonly SettingOption[],
): (given: Record<string, unknown>) => ReadonlyMap<string, string> {
  const options = settings.map((setting) => ({ setting, option: createOption(setting) }));
  for (const { option } of options) command.addOption(option);
  return (given) => {
    const flags = new Map<string, string>();
    for (const { setting, option } of options) {
      const value = given[option.attributeName()];
      if (value !== undefined) flags.set(setting.name, String(value));
    }
    return flags;
  };
}

function createOption(setting: SettingOption): Option {
  const byDefault = setting.summary.endsWith("]") ? undefined : defaultTextOf(setting);
  const summary = byDefault === undefined ? setting.summary : `${setting.summary} [${byDefault}]`;
  return new Option(flagSyntaxOf(setting), summary).helpGroup(`${setting.group}:`);
}

function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? HELP_WIDTH_MAX, HELP_WIDTH_MAX);
}
