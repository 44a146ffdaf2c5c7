/** The grammar of `kvorum leave`, `weight` and `stay`. */
import type { Command } from "commander";
import type { MemberChange } from "../cluster/member-change.ts";
import { CHANGE_EPILOGUE } from "../epilogues.ts";
import { addNodeOptions } from "./node-options.ts";

export interface MemberActions {
  /** `flags`: as of `serve`; they say where a node of the cluster is. */
  changeMember(change: MemberChange, flags: ReadonlyMap<string, string>): Promise<void>;
}

export function defineLeave(command: Command, actions: MemberActions): Command {
  command
    .summary("take a node out of its cluster")
    .description(
      "Has the slots of a node move to the others, while all goes on, and takes it out of the cluster; then it stops. The node " +
        "may be one that is lost: then the others bring the copies to their number among themselves.",
    )
    .argument("<node>", "its address as `kvorum status` shows it, or the beginning of its id");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", CHANGE_EPILOGUE)
    .action((member: string, given: Record<string, unknown>) =>
      actions.changeMember({ kind: "leave", member }, flagsOf(given)),
    );
}

export function defineWeight(command: Command, actions: MemberActions): Command {
  command
    .summary("give a node another share of its cluster's data")
    .description(
      "Has slots move until the node keeps as many times the slots of one of weight 1, while all goes on.",
    )
    .argument("<node>", "its address as `kvorum status` shows it, or the beginning of its id")
    .argument("<weight>", "a whole number: 2 for twice the share of 1");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", CHANGE_EPILOGUE)
    .action((member: string, weight: string, given: Record<string, unknown>) =>
      actions.changeMember({ kind: "weight", member, weight }, flagsOf(given)),
    );
}

export function defineStay(command: Command, actions: MemberActions): Command {
  command
    .summary("take back that a node joins or leaves")
    .description(
      "Takes back that a node joins, leaves or replaces another, as long as reads have not moved.",
    );
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", CHANGE_EPILOGUE)
    .action((given: Record<string, unknown>) => actions.changeMember({ kind: "stay" }, flagsOf(given)));
}
