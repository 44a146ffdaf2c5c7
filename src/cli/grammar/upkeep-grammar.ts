/** The grammar of the commands by which somebody looks after a cluster: `kvorum doctor`, `repair` and `checkpoint`. */
import type { Command } from "commander";
import type { CheckpointRequest } from "../checkpoint.ts";
import type { RepairForm } from "../repair/repair.ts";
import { defineNodeCommand, type NodeCommand } from "./node-command.ts";
import type { ToolActions } from "./tool-request.ts";

/** `flags`: as of `serve`; they say where a node is. */
export interface UpkeepActions extends ToolActions {
  repair(form: RepairForm, flags: ReadonlyMap<string, string>): Promise<void>;
  checkpoint(request: CheckpointRequest, flags: ReadonlyMap<string, string>): Promise<void>;
}

export function defineDoctor(command: Command, actions: UpkeepActions): Command {
  const shape: NodeCommand = {
    summary: "look for what is wrong with a cluster, and say what to do",
    description:
      "Asks each node of a running node's cluster, and judges what they say: whether they see each other and go by one " +
      "plan, clocks, limits of open files, room and speed of disks, damage, memory and settings.",
    notes: `
Examples:
  kvorum doctor --port 7001
  kvorum doctor --port 7001 --json
`,
    exitCodes: [
      "nothing is broken, though there may be warnings",
      "nobody has answered",
      "something is to be mended now",
    ],
  };
  return defineNodeCommand(command, shape, ({ json, flags }) =>
    actions.tool({ tool: "doctor", json }, flags),
  );
}

export function defineRepair(command: Command, actions: UpkeepActions): Command {
  const shape: NodeCommand = {
    summary: "compare all copies now, and mend what differs",
    description:
      "Has each node of a running node's cluster compare its copies with the other replicas' and mend what differs, one " +
      "node after another. Nodes do that by themselves all the time, slowly: this is for who does not want to wait.",
    options: [["--slots <first-last>", "only these slots; CLUSTER KEYSLOT tells that of a key"]],
    notes: `
Examples:
  kvorum repair --port 7001
  kvorum repair --port 7001 --slots 0-1023
`,
    exitCodes: ["all copies were compared, and are equal now", "not all could be: a node is down"],
  };
  return defineNodeCommand(command, shape, ({ options, json, flags }) =>
    actions.repair({ slots: options.slots as string | undefined, json }, flags),
  );
}

export function defineCheckpoint(command: Command, actions: UpkeepActions): Command {
  const shape: NodeCommand = {
    summary: "have a running node make a copy of all its data",
    description:
      "Has a running node make a copy of all its data, as it is at one moment, and prints where it is. The copy is a " +
      "data directory of its own. On the same file system it is made of hard links: in no time, and hardly any space.",
    arguments: [
      [
        "[target]",
        "a name, for DATA/checkpoints/NAME, or a path with a slash; a name by the time if none is given",
      ],
    ],
    notes: `
Examples:
  kvorum checkpoint monday                       DATA/checkpoints/monday
  kvorum checkpoint /backup/monday --port 7000
  kvorum serve --data /backup/monday-copy        serves what was in it, as a node of its own
`,
    exitCodes: [
      "it is there, and durable",
      "it could not be made: nobody listens, a wrong password, the disk is full",
    ],
  };
  return defineNodeCommand(command, shape, ({ words, json, flags }) =>
    actions.checkpoint({ target: words[0], json }, flags),
  );
}
