/** What commander has to say of a mistake, in a sentence of ours, with the option or command probably meant. */
import type { Command } from "commander";
import { suggestSetting } from "../settings-loader.ts";
import { nearest } from "../suggestion.ts";

/**
 * Turns "error: unknown option '--prot=1'" into one line. `command`: whose options or commands were meant; `help`: where
 * they can be read of.
 */
export function explainMistake(message: string, command: Command, help: string): string {
  const mistake = message
    .trim()
    .replace(/^error: /, "")
    .replace(/\.$/, "")
    .replace(/^(unknown option '--[^'=]+)=.*'$/, "$1'");
  const meant = meantBy(mistake, command);
  return `kvorum: ${mistake}; ${meant === undefined ? `see ${help}` : `did you mean ${meant}?`}\n`;
}

function meantBy(mistake: string, command: Command): string | undefined {
  const unknownCommand = /^unknown command '([^']+)'$/.exec(mistake)?.[1];
  if (unknownCommand !== undefined) {
    return nearest(
      unknownCommand,
      command.commands.map((one) => one.name()),
    );
  }
  const unknown = /^unknown option '--([^']+)'$/.exec(mistake)?.[1];
  if (unknown === undefined) return undefined;
  const names = command.options.flatMap(({ long }) => (long == null ? [] : [long.slice("--".length)]));
  const setting = suggestSetting(unknown)?.name;
  const name = setting !== undefined && names.includes(setting) ? setting : nearest(unknown, names);
  return name === undefined ? undefined : `--${name}`;
}
