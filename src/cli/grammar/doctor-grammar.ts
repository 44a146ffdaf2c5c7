/** The grammar of `kvorum doctor`. */
import type { Command } from "commander";
import { addNodeOptions } from "./node-options.ts";
import type { ToolActions } from "./tool-request.ts";

const EPILOGUE = `
Examples:
  kvorum doctor --port 7001
  kvorum doctor --port 7001 --json

Exit codes:
  0  nothing is broken, though there may be warnings
  1  nobody has answered
  2  asked wrongly
  3  something is to be mended now`;

export function defineDoctor(command: Command, actions: ToolActions): Command {
  command
    .summary("look for what is wrong with a cluster, and say what to do")
    .description(
      "Asks each node of a running node's cluster, and judges what they say: whether they see each other and go by one " +
        "plan, clocks, limits of open files, room and speed of disks, damage, memory and settings.",
    )
    .option("--json", "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.tool({ tool: "doctor", json: given.json === true }, flagsOf(given)),
    );
}
