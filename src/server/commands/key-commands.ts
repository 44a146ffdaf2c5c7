/** The commands on keys, whatever their values are, and on databases as a whole. */
import type { Command } from "../command.ts";
import { copy } from "./copy.ts";
import { dbsize } from "./dbsize.ts";
import { del, unlink } from "./del.ts";
import { exists, touch } from "./exists.ts";
import { expire, expireat, pexpire, pexpireat } from "./expire.ts";
import { flushall, flushdb } from "./flush.ts";
import { keys } from "./keys.ts";
import { move } from "./move.ts";
import { object } from "./object.ts";
import { persist } from "./persist.ts";
import { randomkey } from "./randomkey.ts";
import { rename, renamenx } from "./rename.ts";
import { scan } from "./scan.ts";
import { swapdb } from "./swapdb.ts";
import { expiretime, pexpiretime, pttl, ttl } from "./ttl.ts";
import { type } from "./type.ts";

export const keyCommands: readonly Command[] = [
  copy,
  dbsize,
  del,
  exists,
  expire,
  expireat,
  expiretime,
  flushall,
  flushdb,
  keys,
  move,
  object,
  persist,
  pexpire,
  pexpireat,
  pexpiretime,
  pttl,
  randomkey,
  rename,
  renamenx,
  scan,
  swapdb,
  touch,
  ttl,
  type,
  unlink,
];
