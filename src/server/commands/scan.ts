/**
 * `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]` -> the next cursor, and keys. Cursor 0 begins and ends.
 * A cursor is a place in the order of keys (see key-walk.ts), so the server keeps nothing, and a cursor stays good
 * for ever, on every node. A key that is there all the while is answered exactly once.
 */
import { whenReady } from "../../base/awaitable.ts";
import { PLACES_END } from "../../replication/key-walk.ts";
import type { Reply } from "../../resp/reply.ts";
import { integer64, latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { KeySearch } from "../key-search.ts";

const COUNT_DEFAULT = 10;

export const scan: SessionCommand = {
  name: "scan",
  kind: "session",
  arity: -2,
  flags: ["readonly"],
  group: "generic",
  since: "2.8.0",
  summary: "Answers some of the keys, and a cursor that goes on from there.",
  complexity: "O(COUNT)",
  syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
  run(session, args) {
    const from = parseCursor(args[1]!);
    const { pattern, count, type } = parseOptions(args);
    const { clusterDoor } = session.server;
    if (clusterDoor !== undefined) {
      const { database, consistency } = session;
      const scanned = clusterDoor.database.scan(database, consistency, { from, rowsMax: count, pattern });
      return scanned.then(({ place, keys }) => [
        `${place === PLACES_END ? 0 : place}`,
        type === undefined || type === "STRING" ? keys : [],
      ]);
    }
    const search = new KeySearch(session, { pattern, from, rowsMax: count });
    const answer = (place: number): Reply => {
      const cursor = place === PLACES_END ? 0 : place;
      return [`${cursor}`, type === undefined || type === "STRING" ? search.keys.reply() : []];
    };
    const isEmpty = session.server.node.counts(session.database).rows === 0;
    return isEmpty ? answer(PLACES_END) : whenReady(search.run(), answer);
  },
};

const UINT64_END = 2n ** 64n;

/** As strtoul reads a number; what is none of ours is past the end. */
function parseCursor(argument: Uint8Array): number {
  const [text = ""] = latin1(argument).split("\0", 1);
  const match = /^([+-]?)(\d+)$/.exec(text);
  const magnitude = BigInt(match?.[2] ?? 0);
  if ((match === null && text !== "") || magnitude >= UINT64_END)
    throw new CommandError("ERR invalid cursor");
  const cursor = match?.[1] === "-" && magnitude > 0n ? UINT64_END - magnitude : magnitude;
  return cursor < PLACES_END ? Number(cursor) : PLACES_END;
}

interface ScanOptions {
  pattern?: Uint8Array;
  count: number;
  type?: string;
}

function parseOptions(args: readonly Uint8Array[]): ScanOptions {
  const options: ScanOptions = { count: COUNT_DEFAULT };
  for (let i = 2; i < args.length; i += 2) {
    const option = word(args[i]!);
    const value = args[i + 1];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    if (option === "MATCH") options.pattern = value;
    else if (option === "TYPE") options.type = word(value);
    else if (option === "COUNT") options.count = parseCount(value);
    else throw new CommandError(SYNTAX_ERROR);
  }
  return options;
}

function parseCount(argument: Uint8Array): number {
  const count = Number(integer64(argument));
  if (count < 1) throw new CommandError(SYNTAX_ERROR);
  return count;
}
