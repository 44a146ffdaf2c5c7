/** The grammar of `kvorum keyspace set`, `list`, `show` and `drop`. */
import { Command } from "commander";
import { KEYSPACE_EPILOGUE } from "../epilogues.ts";
import type { KeyspaceForm, KeyspaceRequest } from "../keyspace/keyspace.ts";
import { explainMistake } from "./mistake.ts";
import { addNodeOptions } from "./node-options.ts";

export interface KeyspaceActions {
  /** `flags`: as of `serve`; they say where a node is. */
  keyspace(request: KeyspaceRequest, form: KeyspaceForm, flags: ReadonlyMap<string, string>): Promise<void>;
  writeError(text: string): void;
}

type Given = Record<string, unknown>;

/** The option's name is also the word of KV.KEYSPACE SET. */
const SETTINGS: readonly (readonly [option: string, value: string, summary: string])[] = [
  ["copies", "count", "in each datacenter, such as 3; or by datacenter: dc1=3,dc2=2"],
  ["read", "level", "machines a read asks: one, quorum, all, local_quorum, each_quorum, a number"],
  ["write", "level", "machines a write waits for: as of --read"],
  ["ttl", "time", "values written without an expiry expire after it: 30s, 30m, 7d; 0 for never"],
  ["conflict", "rule", "what KV.GET shows of concurrent values: siblings (all), newest"],
  ["storage", "kind", "disk (where the node has its rows) or memory (gone when a node restarts)"],
  [
    "maxmemory",
    "size",
    "what it may take on each node, if its storage is memory: 256mb, 4gb; 0 for no limit",
  ],
  ["evict", "policy", "which keys go then: noeviction, allkeys-lru, allkeys-lfu, volatile-ttl and the like"],
  ["mode", "mode", "ap; cp is yet to come"],
];

export function defineKeyspace(command: Command, actions: KeyspaceActions): Command {
  command
    .summary("declare settings for keys that begin alike")
    .description(
      "A key belongs to the keyspace that its part up to the first colon names, if one of that name is declared, else to " +
        "the default one: sessions:42 to sessions. A keyspace says how many copies its keys have, how many machines reads " +
        "and writes wait for, how long values live that are written without an expiry, and whether they are kept in memory only.",
    )
    .helpOption("-h, --help", "print this help; `kvorum keyspace COMMAND --help` tells more")
    .helpCommand(false)
    .addHelpText("after", KEYSPACE_EPILOGUE);
  const begin = (name: string): Command => {
    const sub = new Command(name);
    const help = `kvorum keyspace ${name} --help`;
    const outputError = (message: string) => actions.writeError(explainMistake(message, sub, help));
    return sub.copyInheritedSettings(command).configureOutput({ outputError });
  };
  command.addCommand(defineSet(begin("set"), actions));
  command.addCommand(defineList(begin("list"), actions));
  command.addCommand(defineNamed(begin("show"), "show", "show the settings of a keyspace", actions));
  const drop = "undeclare a keyspace: its keys stay, and belong to the default one";
  return command.addCommand(defineNamed(begin("drop"), "drop", drop, actions));
}

function defineSet(command: Command, actions: KeyspaceActions): Command {
  command
    .summary("declare a keyspace, or change what is named of it")
    .description(
      "Declares a keyspace, or changes those of its settings that are named; the others stay. A new one begins as the " +
        "default one is. What is stored is not touched, but for copies and storage: rows move while all goes on.",
    )
    .argument("<name>", "what its keys begin with, before the colon");
  for (const [option, value, summary] of SETTINGS) command.option(`--${option} <${value}>`, summary);
  return finish(command, (args, given, form, flags) => {
    const settings = SETTINGS.flatMap(([option]) =>
      given[option] === undefined ? [] : [option.toUpperCase(), String(given[option])],
    );
    return actions.keyspace({ kind: "set", name: args[0]!, settings }, form, flags);
  });
}

function defineList(command: Command, actions: KeyspaceActions): Command {
  command.summary("list all keyspaces").description("Lists all keyspaces with their settings.");
  return finish(command, (_args, _given, form, flags) => actions.keyspace({ kind: "list" }, form, flags));
}

function defineNamed(
  command: Command,
  kind: "show" | "drop",
  summary: string,
  actions: KeyspaceActions,
): Command {
  command
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    .argument("<name>", "its name");
  return finish(command, (args, _given, form, flags) =>
    actions.keyspace({ kind, name: args[0]! }, form, flags),
  );
}

type Act = (
  args: readonly string[],
  given: Given,
  form: KeyspaceForm,
  flags: ReadonlyMap<string, string>,
) => Promise<void>;

function finish(command: Command, act: Act): Command {
  const flagsOf = addNodeOptions(command.option("--json", "print one line of JSON"));
  return command.helpOption("-h, --help", "print this help").action((...received: unknown[]) => {
    const given = command.opts<Given>();
    const args = received.filter((each) => typeof each === "string");
    return act(args, given, { json: given.json === true }, flagsOf(given));
  });
}
