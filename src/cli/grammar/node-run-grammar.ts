/** The grammar of the commands that run nodes: `kvorum serve`, `join`, `replace` and `up`. */
import { type Command, Option } from "commander";
import { JOIN_EPILOGUE, REPLACE_EPILOGUE, SERVE_EPILOGUE, UP_EPILOGUE } from "../epilogues.ts";
import { defaultTextOf, flagSyntaxOf, SETTING_OPTIONS, type SettingOption } from "../setting-options.ts";
import { FIRST_PORT_DEFAULT, NODES_DEFAULT, NODES_MAX, SETTINGS_OF_ONE_NODE } from "../up/up-plan.ts";

export interface NodeRunActions {
  /** `flags`: by option name, as the user wrote them. */
  serve(flags: ReadonlyMap<string, string>): Promise<void>;
  /** As `serve`, of a node for which others have a peer port, unless told otherwise. */
  join(flags: ReadonlyMap<string, string>): Promise<void>;
  /** `nodes`: as the user wrote it, if so. `flags`: as of `serve`, for every node; `port` is the first one's. */
  up(nodes: string | undefined, flags: ReadonlyMap<string, string>): Promise<void>;
}

type Options = Record<string, unknown>;
type FlagsOf = (given: Options) => ReadonlyMap<string, string>;

const PEERS = "HOST:PORT of its nodes' peer ports, with commas: some are enough";

export function defineServe(command: Command, actions: NodeRunActions): Command {
  command
    .summary("run one node")
    .description("Runs one node until it is told to stop (Ctrl-C, SIGTERM, or SHUTDOWN from a client).");
  const flagsOf = addSettings(finish(command, SERVE_EPILOGUE), SETTING_OPTIONS);
  return command.action((given: Options) => actions.serve(flagsOf(given)));
}

export function defineJoin(command: Command, actions: NodeRunActions): Command {
  command
    .summary("run one node, which joins a cluster")
    .description(
      "Runs one node, as kvorum serve does, which joins a cluster and takes its share of the data from the others. Once " +
        "it is a member it comes back by itself: kvorum serve with the same directory is enough.",
    )
    .argument("<peers>", PEERS);
  const flagsOf = addSettings(finish(command, JOIN_EPILOGUE), settingsBut("join", "replace"));
  return command.action((peers: string, given: Options) =>
    actions.join(new Map([...flagsOf(given), ["join", peers]])),
  );
}

export function defineReplace(command: Command, actions: NodeRunActions): Command {
  command
    .summary("run one node, in the place of one that is lost")
    .description(
      "Runs one node, as kvorum serve does, which takes the place of a member that will not come back, and its data from " +
        "the other replicas.",
    )
    .argument("<lost>", "the lost member's id, or its first digits, as `kvorum status` shows it")
    .argument("<peers>", PEERS);
  const flagsOf = addSettings(finish(command, REPLACE_EPILOGUE), settingsBut("join", "replace"));
  return command.action((lost: string, peers: string, given: Options) =>
    actions.join(new Map([...flagsOf(given), ["join", peers], ["replace", lost]])),
  );
}

export function defineUp(command: Command, actions: NodeRunActions): Command {
  command
    .summary("run a cluster on this machine, to try it")
    .description(
      "Runs several nodes of one cluster on this machine, each in a process of its own, until it is told to stop. " +
        "A node that dies stays dead until you start it again.",
    )
    .option("--nodes <number>", `how many nodes, 1 to ${NODES_MAX} [${NODES_DEFAULT}]`);
  const settings = SETTING_OPTIONS.flatMap((setting) => {
    if (setting.name === "port")
      return { ...setting, summary: `the first node's port; the others follow [${FIRST_PORT_DEFAULT}]` };
    if (setting.name === "data") return { ...setting, summary: "where each node has a directory of its own" };
    return SETTINGS_OF_ONE_NODE.includes(setting.name) ? [] : setting;
  });
  const flagsOf = addSettings(finish(command, UP_EPILOGUE), settings);
  return command.action((given: Options) => actions.up(given.nodes as string | undefined, flagsOf(given)));
}

function finish(command: Command, epilogue: string): Command {
  return command.helpOption("-h, --help", "print this help").addHelpText("after", epilogue);
}

function settingsBut(...names: readonly string[]): readonly SettingOption[] {
  return SETTING_OPTIONS.filter(({ name }) => !names.includes(name));
}

/** Returns what makes flags of what commander gives an action: those that were given, by the setting's name. */
function addSettings(command: Command, settings: readonly SettingOption[]): FlagsOf {
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
