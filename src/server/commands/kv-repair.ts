/**
 * `KV.REPAIR [START] [first last]` -> JSON: compares this node's copies of those slots, or of all, with the other replicas', mends
 * what differs, and says what it did. With START the answer does not wait for that, and `KV.REPAIR PROGRESS` tells how far it is.
 */
import { toText } from "../../base/bytes.ts";
import { EVERY_SLOT } from "../../node/cluster/repair-rounds.ts";
import type { RepairRun } from "../../node/cluster/repair-run.ts";
import type { RepairTotals } from "../../node/cluster/repair-totals.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { SYNTAX_ERROR } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { integer32 } from "../database-argument.ts";

/** What the JSON text says. */
export interface RepairStatus extends RepairTotals {
  /** False while it runs. */
  readonly over: boolean;
  /** 0 to 1. */
  readonly progress: number;
  /** Nodes it could not compare with to the end, by id, and why. */
  readonly unreached: Readonly<Record<string, string>>;
}

export const kvRepair: SessionCommand = {
  name: "kv.repair",
  kind: "session",
  arity: -1,
  flags: ["admin", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Compares this node's copies with the other replicas' and mends what differs. JSON.",
  complexity: "O(N) with N slots and rows that were written not long ago, and the rows that differ",
  syntax: "[START | PROGRESS] [first-slot last-slot]",
  async run({ server }, args) {
    const repair = server.node.cluster?.repair;
    if (repair === undefined) {
      throw new CommandError("ERR this node is alone: there are no other replicas to compare with");
    }
    const words = args.slice(1).map((word) => toText(word).toLowerCase());
    if (words[0] === "progress") {
      if (words.length > 1) throw new CommandError(SYNTAX_ERROR);
      if (repair.lastRun === undefined) throw new CommandError("ERR nobody has asked for a repair yet");
      return JSON.stringify(statusOf(repair.lastRun));
    }
    const starts = words[0] === "start";
    const asked = spanOf(args.slice(starts ? 2 : 1));
    const run = repair.begin(asked);
    if (starts) run.end.catch((cause: unknown) => server.logger.warn({ cause }, "a repair broke off"));
    else await run.end;
    return JSON.stringify(statusOf(run));
  },
};

function spanOf(args: readonly Uint8Array[]): typeof EVERY_SLOT {
  if (args.length === 0) return EVERY_SLOT;
  if (args.length !== 2) throw new CommandError(SYNTAX_ERROR);
  const [first, last] = args.map((arg) => integer32(arg, "ERR a slot is a number"));
  if (first! < 0 || last! >= SLOT_COUNT || first! > last!) {
    throw new CommandError(`ERR slots are 0 to ${SLOT_COUNT - 1}, the first of them first`);
  }
  return { first: first!, last: last! };
}

function statusOf({ totals, progress, failures, isOver }: RepairRun): RepairStatus {
  return { over: isOver, progress, ...totals, unreached: Object.fromEntries(failures) };
}
