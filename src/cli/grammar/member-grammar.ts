/** The grammar of `kvorum leave`, `weight` and `stay`. */
import type { Command } from "commander";
import type { MemberChange } from "../cluster/member-change.ts";
import { defineNodeCommand, type NodeCommand } from "./node-command.ts";

export interface MemberActions {
  /** `flags`: as of `serve`; they say where a node of the cluster is. */
  changeMember(
    change: MemberChange,
    form: { readonly json: boolean },
    flags: ReadonlyMap<string, string>,
  ): Promise<void>;
}

const MEMBER = ["<node>", "its address as `kvorum status` shows it, or the beginning of its id"] as const;

const CHANGE: Pick<NodeCommand, "notes" | "exitCodes"> = {
  notes: `
Waits until it is done; whoever does not want to wait may end it: the cluster goes on.

Examples:
  kvorum leave 127.0.0.1:7003 --port 7001
  kvorum weight 127.0.0.1:7002 2 --port 7001
  kvorum stay --port 7001
`,
  exitCodes: ["it is done", "the cluster does not do it, or nobody has answered"],
};

export function defineLeave(command: Command, actions: MemberActions): Command {
  const shape: NodeCommand = {
    ...CHANGE,
    summary: "take a node out of its cluster",
    description:
      "Has the slots of a node move to the others, while all goes on, and takes it out of the cluster; then it stops. The node " +
      "may be one that is lost: then the others bring the copies to their number among themselves.",
    arguments: [MEMBER],
  };
  return defineNodeCommand(command, shape, ({ words, json, flags }) =>
    actions.changeMember({ kind: "leave", member: words[0]! }, { json }, flags),
  );
}

export function defineWeight(command: Command, actions: MemberActions): Command {
  const shape: NodeCommand = {
    ...CHANGE,
    summary: "give a node another share of its cluster's data",
    description:
      "Has slots move until the node keeps as many times the slots of one of weight 1, while all goes on.",
    arguments: [MEMBER, ["<weight>", "a whole number: 2 for twice the share of 1"]],
  };
  return defineNodeCommand(command, shape, ({ words, json, flags }) =>
    actions.changeMember({ kind: "weight", member: words[0]!, weight: words[1]! }, { json }, flags),
  );
}

export function defineStay(command: Command, actions: MemberActions): Command {
  const shape: NodeCommand = {
    ...CHANGE,
    summary: "take back that a node joins or leaves",
    description: "Takes back that a node joins, leaves or replaces another, as long as reads have not moved.",
  };
  return defineNodeCommand(command, shape, ({ json, flags }) =>
    actions.changeMember({ kind: "stay" }, { json }, flags),
  );
}
