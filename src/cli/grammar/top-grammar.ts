/** The grammar of `kvorum top`. */
import type { Command } from "commander";
import { INTERVAL_DEFAULT } from "../top/top.ts";
import { addNodeOptions } from "./node-options.ts";
import type { ToolActions } from "./tool-request.ts";

const EPILOGUE = `
In a terminal it goes on until q; in a pipe it prints one picture and ends. If the node that it
asks dies, it asks another one.

Examples:
  kvorum top --port 7001
  kvorum top --port 7001 --interval 5s
  kvorum top --port 7001 | cat

Exit codes:
  0  it was shown
  1  nobody has answered
  2  asked wrongly`;

export function defineTop(command: Command, actions: ToolActions): Command {
  command
    .summary("watch a cluster live: load, latency, hints, moves")
    .description(
      "Shows the nodes of a running node's cluster, live: requests, latency, processor, memory, hints and moves.",
    )
    .option("--interval <time>", `how often to look [${INTERVAL_DEFAULT}]`);
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.tool({ tool: "top", interval: given.interval as string | undefined }, flagsOf(given)),
    );
}
