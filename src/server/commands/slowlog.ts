/** `SLOWLOG GET [count] | LEN | RESET`: the latest slow calls, newest first. */
import { OK } from "../../resp/reply.ts";
import { fromLatin1, integer64 } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { container, misusedSubcommand } from "../container.ts";
import type { SlowCall } from "../slow-log.ts";

const COUNT_DEFAULT = 10;
const INVALID_COUNT = "ERR count should be greater than or equal to -1";

const ordinary = { kind: "session", flags: ["admin", "loading", "stale"], group: "server" } as const;

const slowlogGet: SessionCommand = {
  ...ordinary,
  name: "slowlog|get",
  arity: -2,
  since: "2.2.12",
  summary: "Answers the latest slow calls: 10 unless told, -1 for all.",
  complexity: "O(N) in the calls answered",
  syntax: "[count]",
  run({ server }, args) {
    if (args.length > 3) throw misusedSubcommand(args);
    const count = args.length === 3 ? integer64(args[2]!, INVALID_COUNT) : BigInt(COUNT_DEFAULT);
    if (count < -1n) throw new CommandError(INVALID_COUNT);
    const { calls } = server.slowLog;
    return (count === -1n ? calls : calls.slice(0, Number(count))).map(describe);
  },
};

function describe({ id, at, micros, args, peer, clientName }: SlowCall) {
  return [id, at, micros, args.map(fromLatin1), peer, clientName];
}

const slowlogLen: SessionCommand = {
  ...ordinary,
  name: "slowlog|len",
  arity: 2,
  since: "2.2.12",
  summary: "Answers how many slow calls are kept.",
  complexity: "O(1)",
  run: ({ server }) => server.slowLog.calls.length,
};

const slowlogReset: SessionCommand = {
  ...ordinary,
  name: "slowlog|reset",
  arity: 2,
  since: "2.2.12",
  summary: "Forgets the slow calls.",
  complexity: "O(N) in the calls kept",
  run({ server }) {
    server.slowLog.clear();
    return OK;
  },
};

export const slowlog = container({
  name: "slowlog",
  group: "server",
  since: "2.2.12",
  helpSince: "6.2.0",
  summary: "Shows the latest slow calls.",
  subcommands: [slowlogGet, slowlogLen, slowlogReset],
});
