/** Every command of the RESP door, by family; and the shortcuts of the commonest. */
import type { Session } from "./command.ts";
import { CommandTable } from "./command-table.ts";
import { bitmapCommands } from "./commands/bitmap-commands.ts";
import { connectionCommands } from "./commands/connection-commands.ts";
import { delFast } from "./commands/del.ts";
import { existsFast, touchFast } from "./commands/exists.ts";
import { expireFast, pexpireFast } from "./commands/expire.ts";
import { getFast, getInCluster } from "./commands/get.ts";
import { getexFast } from "./commands/getex.ts";
import { decrbyFast, decrFast, incrbyFast, incrFast } from "./commands/incr.ts";
import { keyCommands } from "./commands/key-commands.ts";
import { kvorumCommands } from "./commands/kvorum-commands.ts";
import { mgetFast } from "./commands/mget.ts";
import { msetFast } from "./commands/mset.ts";
import { multiFast } from "./commands/multi.ts";
import { persistFast } from "./commands/persist.ts";
import { serverCommands } from "./commands/server-commands.ts";
import { setFast, setInCluster } from "./commands/set.ts";
import { psetexFast, setexFast } from "./commands/setex.ts";
import { setnxFast } from "./commands/setnx.ts";
import { stringCommands } from "./commands/string-commands.ts";
import { transactionCommands } from "./commands/transaction-commands.ts";

export function createCommandTable(): CommandTable<Session> {
  return new CommandTable(
    [
      ...bitmapCommands,
      ...connectionCommands,
      ...keyCommands,
      ...kvorumCommands,
      ...serverCommands,
      ...stringCommands,
      ...transactionCommands,
    ],
    {
      decr: decrFast,
      decrby: decrbyFast,
      del: delFast,
      exists: existsFast,
      expire: expireFast,
      get: getFast,
      getex: getexFast,
      incr: incrFast,
      incrby: incrbyFast,
      mget: mgetFast,
      mset: msetFast,
      multi: multiFast,
      persist: persistFast,
      pexpire: pexpireFast,
      psetex: psetexFast,
      set: setFast,
      setex: setexFast,
      setnx: setnxFast,
      touch: touchFast,
      unlink: delFast,
    },
    { get: getInCluster, set: setInCluster },
  );
}
