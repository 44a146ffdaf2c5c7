/** The grammar of `kvorum cli`. */
import type { Command } from "commander";
import { defineNodeCommand, type NodeCommand } from "./node-command.ts";
import type { ToolActions } from "./tool-request.ts";

const SHAPE: NodeCommand = {
  summary: "talk to a running node",
  description: "Opens a prompt to a running node, or asks it one command.",
  arguments: [["[command...]", "what to ask, word by word; a prompt if nothing"]],
  jsonSummary: "print each reply as a line of JSON",
  notes: `
On a terminal TAB completes commands, arrows bring back what was asked before (it is kept in
~/.kvorum_history), "help SET" tells how a command is used, and exit or Ctrl-D ends. In a pipe,
replies come as they are. Options go before the command.

Examples:
  kvorum cli --port 7001
  kvorum cli --port 7001 GET greeting
  echo 'SET greeting "hello world"' | kvorum cli --port 7001
`,
  exitCodes: ["the node has answered", "it has not, or what was asked on the command line was refused"],
};

export function definePrompt(command: Command, actions: ToolActions): Command {
  return defineNodeCommand(command.passThroughOptions(), SHAPE, ({ words, json, flags }) =>
    actions.tool({ tool: "prompt", words, json }, flags),
  );
}
