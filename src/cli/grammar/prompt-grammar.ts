/** The grammar of `kvorum cli`. */
import type { Command } from "commander";
import { addNodeOptions } from "./node-options.ts";
import type { ToolActions } from "./tool-request.ts";

const EPILOGUE = `
On a terminal TAB completes commands, arrows bring back what was asked before (it is kept in
~/.kvorum_history), "help SET" tells how a command is used, and exit or Ctrl-D ends. In a pipe,
replies come as they are. Options go before the command.

Examples:
  kvorum cli --port 7001
  kvorum cli --port 7001 GET greeting
  echo 'SET greeting "hello world"' | kvorum cli --port 7001

Exit codes:
  0  the node has answered
  1  it has not, or what was asked on the command line was refused
  2  asked wrongly`;

export function definePrompt(command: Command, actions: ToolActions): Command {
  command
    .summary("talk to a running node")
    .description("Opens a prompt to a running node, or asks it one command.")
    .argument("[command...]", "what to ask, word by word; a prompt if nothing")
    .passThroughOptions();
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EPILOGUE)
    .action((words: readonly string[], given: Record<string, unknown>) =>
      actions.tool({ tool: "prompt", words }, flagsOf(given)),
    );
}
