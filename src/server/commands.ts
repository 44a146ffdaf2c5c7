/** Every command of the RESP door, by family; and the shortcuts of the commonest. */
import { CommandTable } from "./command-table.ts";
import { get, getFast } from "./commands/get.ts";
import { set, setFast } from "./commands/set.ts";

export function createCommandTable(): CommandTable {
  return new CommandTable([get, set], { get: getFast, set: setFast });
}
