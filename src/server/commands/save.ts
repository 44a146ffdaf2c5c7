/** `SAVE`, `BGSAVE`, `BGREWRITEAOF`, `LASTSAVE`: there are no snapshots or rewrites to ask for. */
import { CommandError, type CommandFlag, type SessionCommand } from "../command.ts";

function refused(name: string, arity: number, flags: readonly CommandFlag[], reason: string): SessionCommand {
  return {
    name,
    kind: "session",
    arity,
    flags,
    group: "server",
    since: "1.0.0",
    summary: `Refuses: ${reason}.`,
    complexity: "O(1)",
    run() {
      throw new CommandError(`ERR ${name.toUpperCase()} is not part of this version: ${reason}`);
    },
  };
}

const NO_SNAPSHOTS = "the memory engine keeps nothing on disk";

export const saveCommands: readonly SessionCommand[] = [
  refused("bgrewriteaof", 1, ["admin", "noscript", "no_async_loading"], NO_SNAPSHOTS),
  refused("bgsave", -1, ["admin", "noscript", "no_async_loading"], NO_SNAPSHOTS),
  refused("lastsave", 1, ["loading", "stale", "fast"], NO_SNAPSHOTS),
  refused("save", 1, ["admin", "noscript", "no_async_loading", "no_multi"], NO_SNAPSHOTS),
];
