/** Runs a command's step on this node's own copy of its keys. */
import type { Awaitable } from "../base/awaitable.ts";
import type { LocalReplica } from "../replication/local-replica.ts";
import type { Reply } from "../resp/reply.ts";
import type {
  CommandEnvironment,
  Effect,
  KeyCommand,
  KeyRef,
  KeyView,
  ManyEffect,
  RunnableCommand,
} from "./command-shape.ts";
import { keepArguments } from "./command-table.ts";
import { runUpdate, runUpdateMany } from "./default-expiry.ts";
import { keyRefsOf } from "./key-refs.ts";

export interface RunOptions {
  readonly environment: CommandEnvironment;
  /** CLIENT NO-TOUCH: a read is not to count as a use of its keys. */
  readonly leavesNoTrace: boolean;
}

/** True of commands that are steps on keys, whoever keeps these. */
export function isKeyCommand(command: RunnableCommand): command is KeyCommand {
  return command.kind !== "session";
}

/** Changes `call.args` to be its own if the step must wait. */
export function runOnReplica(
  replica: LocalReplica,
  command: KeyCommand,
  call: { args: readonly Uint8Array[] },
  { environment, leavesNoTrace }: RunOptions,
): Awaitable<Reply> {
  const { wallMs, database } = environment;
  const keys = keyRefsOf(command, call.args, database);
  const keep = (): readonly KeyRef[] => {
    keepArguments(call);
    return keyRefsOf(command, call.args, database);
  };
  switch (command.kind) {
    case "read": {
      const step = (view: KeyView): Reply => command.run(view, call.args, environment);
      const touch = !(command.leavesNoTrace || leavesNoTrace);
      return replica.read(keys[0]!, { wallMs, touch }, step, keep);
    }
    case "update": {
      // The key where it is by then: a step that waits has its arguments kept.
      const step = (view: KeyView): Effect =>
        runUpdate(command, view, call.args, { key: call.args[command.keys.first]!, environment });
      return replica.update(keys[0]!, wallMs, step, keep);
    }
    case "read-many": {
      const step = (views: readonly KeyView[]): Reply => command.run(views, call.args, environment);
      const touch = !(command.leavesNoTrace || leavesNoTrace);
      return replica.readMany(keys, { wallMs, touch }, step, keep);
    }
    case "update-many": {
      const step = (views: readonly KeyView[]): ManyEffect => {
        const { hasExpiry } = environment.keyspaces;
        const refs = hasExpiry ? keyRefsOf(command, call.args, database) : keys;
        return runUpdateMany(command, views, call.args, { refs, environment });
      };
      return replica.updateMany(keys, wallMs, step, keep);
    }
  }
}
