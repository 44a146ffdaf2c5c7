/** An operation's command apart from the levels it asks for: `KV.WITH READ one -- GET k` is a GET. */
import type { Operation } from "./history.ts";

export interface AskedLevels {
  /** Undefined: the default of the run. */
  readonly read: string | undefined;
  readonly write: string | undefined;
}

const DEFAULTS: AskedLevels = { read: undefined, write: undefined };

/** What is done to the key: its name in capitals, and its arguments. */
export function innerCommand({ command }: Pick<Operation, "command">): readonly string[] {
  return command[0] === "KV.WITH" ? command.slice(command.indexOf("--") + 1) : command;
}

export function levelsOf({ command }: Pick<Operation, "command">): AskedLevels {
  if (command[0] !== "KV.WITH") return DEFAULTS;
  const asked = command.slice(1, command.indexOf("--"));
  const after = (word: string): string | undefined => {
    const at = asked.indexOf(word);
    return at === -1 ? undefined : asked[at + 1];
  };
  return { read: after("READ"), write: after("WRITE") };
}
