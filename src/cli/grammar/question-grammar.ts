/** The grammar of the commands that only ask: `kvorum status`, `ring`, `keyspaces`, `nodes`, `key`, `hotkeys` and `top`. */
import type { Command } from "commander";
import { HOT_KEYS_COUNT_DEFAULT } from "../../server/commands/kv-hotkeys.ts";
import { HOT_KEY_ORDERS } from "../../server/hot-keys.ts";
import type { ClusterQuestion, QuestionForm } from "../cluster/cluster-questions.ts";
import type { HotKeysWords } from "../key/hot-keys.ts";
import { INTERVAL_DEFAULT } from "../top/top.ts";
import { defineNodeCommand, type NodeCommand } from "./node-command.ts";
import type { ToolActions } from "./tool-request.ts";

export interface QuestionActions extends ToolActions {
  /** `flags`: as of `serve`; they say where the node is. */
  question(question: ClusterQuestion, form: QuestionForm, flags: ReadonlyMap<string, string>): Promise<void>;
}

const ANSWERED = [
  "the node has answered, whatever it says",
  "it has not: nobody listens, a wrong password",
] as const;

const QUESTIONS: Readonly<Record<ClusterQuestion, Pick<NodeCommand, "summary" | "description">>> = {
  status: {
    summary: "say who is in a cluster, who is up, and what each keeps",
    description:
      "Asks a running node who is in its cluster, who is up as far as it knows, how many of the 16384 slots each keeps " +
      "copies of, and how many writes (hints) the asked node keeps for those that are away.",
  },
  ring: {
    summary: "say which nodes keep which slots",
    description:
      "Asks a running node which nodes keep which of the 16384 slots, and whom to ask first: those that are up come first. " +
      "CLUSTER KEYSLOT tells the slot of a key.",
  },
  keyspaces: {
    summary: "say what keys are kept how",
    description:
      "Asks a running node how many copies there are of keys, and how many machines reads and writes wait for.",
  },
};

/** `kvorum status`, `ring` and `keyspaces`. */
export function defineQuestion(
  command: Command,
  question: ClusterQuestion,
  actions: QuestionActions,
): Command {
  return defineNodeCommand(command, { ...QUESTIONS[question], exitCodes: ANSWERED }, ({ json, flags }) =>
    actions.question(question, { json }, flags),
  );
}

export function defineNodes(command: Command, actions: ToolActions): Command {
  const shape: NodeCommand = {
    summary: "say how each node of a cluster is, by its own word",
    description:
      "Asks each node of a running node's cluster how it is: its version, load, latency, keys, memory and disk.",
    notes: `
Examples:
  kvorum nodes --port 7001
  kvorum nodes --port 7001 --json
`,
    exitCodes: ["every node has answered", "one or more have not, or nobody is there"],
  };
  return defineNodeCommand(command, shape, ({ json, flags }) => actions.tool({ tool: "nodes", json }, flags));
}

export function defineKey(command: Command, actions: ToolActions): Command {
  const shape: NodeCommand = {
    summary: "say where a key lives, and what each replica has of it",
    description:
      "Asks a running node where a key lives, and each of its replicas what it has of it now. Nothing is mended by it.",
    arguments: [["<key>", "as you would give it to GET"]],
    notes: `
A dot such as 4f05bc21:17 names one write: the node that took it, and its counter there. A context
says which writes a replica has seen. Values that did not know of each other stand side by side.

Examples:
  kvorum key cart:42 --port 7001
  kvorum key cart:42 --json
`,
    exitCodes: ANSWERED,
  };
  return defineNodeCommand(command, shape, ({ words, json, flags }) =>
    actions.tool({ tool: "key", request: { key: words[0]!, json } }, flags),
  );
}

export function defineHotKeys(command: Command, actions: ToolActions): Command {
  const shape: NodeCommand = {
    summary: "say which keys a node is asked for most",
    description: "Asks a running node which keys it has been asked for most lately.",
    options: [
      ["--by <what>", `${HOT_KEY_ORDERS.join(", ")} [${HOT_KEY_ORDERS[0]}]`],
      ["--count <number>", `how many at most [${HOT_KEYS_COUNT_DEFAULT}]`],
    ],
    notes: `
Each node counts what it is asked for itself: ask the others, too.

Examples:
  kvorum hotkeys --port 7001
  kvorum hotkeys --by bytes --count 5 --json
`,
    exitCodes: ANSWERED,
  };
  return defineNodeCommand(command, shape, ({ options, flags }) =>
    actions.tool({ tool: "hotkeys", words: options as HotKeysWords }, flags),
  );
}

export function defineTop(command: Command, actions: ToolActions): Command {
  const shape: NodeCommand = {
    summary: "watch a cluster live: load, latency, hints, moves",
    description:
      "Shows the nodes of a running node's cluster, live: requests, latency, processor, memory, hints and moves.",
    options: [["--interval <time>", `how often to look [${INTERVAL_DEFAULT}]`]],
    jsonSummary: "print one line of JSON with each node's figures, and end",
    notes: `
In a terminal it goes on until q; in a pipe it prints one picture and ends. If the node that it
asks dies, it asks another one.

Examples:
  kvorum top --port 7001
  kvorum top --port 7001 --interval 5s
  kvorum top --port 7001 | cat
`,
    exitCodes: ["it was shown", "nobody has answered"],
  };
  return defineNodeCommand(command, shape, ({ options, json, flags }) =>
    actions.tool({ tool: "top", interval: options.interval as string | undefined, json }, flags),
  );
}
