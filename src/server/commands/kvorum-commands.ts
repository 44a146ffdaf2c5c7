/** Kvorum's own commands: values with their causality, for programs that merge conflicts themselves. */
import type { Command } from "../command.ts";
import { kvCheckpoint } from "./kv-checkpoint.ts";
import { kvConsistency } from "./kv-consistency.ts";
import { kvDel } from "./kv-del.ts";
import { kvGet } from "./kv-get.ts";
import { kvHelp } from "./kv-help.ts";
import { kvHotkeys } from "./kv-hotkeys.ts";
import { kvKeyspace } from "./kv-keyspace.ts";
import { kvMember } from "./kv-member.ts";
import { kvPut } from "./kv-put.ts";
import { kvRepair } from "./kv-repair.ts";
import { kvStatus } from "./kv-status.ts";
import { kvTrace } from "./kv-trace.ts";
import { kvWhere } from "./kv-where.ts";
import { kvWith } from "./kv-with.ts";

export const kvorumCommands: readonly Command[] = [
  kvCheckpoint,
  kvConsistency,
  kvDel,
  kvGet,
  kvHelp,
  kvHotkeys,
  kvKeyspace,
  kvPut,
  kvRepair,
  kvStatus,
  kvMember,
  kvTrace,
  kvWhere,
  kvWith,
];
