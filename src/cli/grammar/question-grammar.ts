/** The grammar of the commands that only ask: `kvorum nodes`, `keyspaces`, `key` and `hotkeys`. */
import type { Command } from "commander";
import { HOT_KEYS_COUNT_DEFAULT } from "../../server/commands/kv-hotkeys.ts";
import { HOT_KEY_ORDERS } from "../../server/hot-keys.ts";
import { QUESTION_EPILOGUE } from "../epilogues.ts";
import type { HotKeysWords } from "../key/hot-keys.ts";
import { addNodeOptions } from "./node-options.ts";
import type { ToolActions } from "./tool-request.ts";

const ANSWERED = QUESTION_EPILOGUE.trimStart();

const NODES_EPILOGUE = `
Examples:
  kvorum nodes --port 7001
  kvorum nodes --port 7001 --json

Exit codes:
  0  every node has answered
  1  one or more have not, or nobody is there
  2  asked wrongly`;

const KEY_EPILOGUE = `
A dot such as 4f05bc21:17 names one write: the node that took it, and its counter there. A context
says which writes a replica has seen. Values that did not know of each other stand side by side.

Examples:
  kvorum key cart:42 --port 7001
  kvorum key cart:42 --json

${ANSWERED}`;

const HOT_KEYS_EPILOGUE = `
Each node counts what it is asked for itself: ask the others, too.

Examples:
  kvorum hotkeys --port 7001
  kvorum hotkeys --by bytes --count 5 --json

${ANSWERED}`;

export function defineNodes(command: Command, actions: ToolActions): Command {
  command
    .summary("say how each node of a cluster is, by its own word")
    .description(
      "Asks each node of a running node's cluster how it is: its version, load, latency, keys, memory and disk.",
    )
    .option("--json", "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", NODES_EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.tool({ tool: "nodes", json: given.json === true }, flagsOf(given)),
    );
}

export function defineKey(command: Command, actions: ToolActions): Command {
  command
    .summary("say where a key lives, and what each replica has of it")
    .description(
      "Asks a running node where a key lives, and each of its replicas what it has of it now. Nothing is mended by it.",
    )
    .argument("<key>", "as you would give it to GET")
    .option("--json", "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", KEY_EPILOGUE)
    .action((key: string, given: Record<string, unknown>) =>
      actions.tool({ tool: "key", request: { key, json: given.json === true } }, flagsOf(given)),
    );
}

export function defineHotKeys(command: Command, actions: ToolActions): Command {
  command
    .summary("say which keys a node is asked for most")
    .description("Asks a running node which keys it has been asked for most lately.")
    .option("--by <what>", `${HOT_KEY_ORDERS.join(", ")} [${HOT_KEY_ORDERS[0]}]`)
    .option("--count <number>", `how many at most [${HOT_KEYS_COUNT_DEFAULT}]`)
    .option("--json", "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", HOT_KEYS_EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.tool({ tool: "hotkeys", words: given as HotKeysWords }, flagsOf(given)),
    );
}
