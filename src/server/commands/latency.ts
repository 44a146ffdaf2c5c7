/** `LATENCY ...`: how long commands took. The monitor of single events that Redis has beside it is not there: it reads as off. */
import { map, type Reply, verbatim } from "../../resp/reply.ts";
import { echo, latin1 } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import type { CommandEntry } from "../command-table.ts";
import { container } from "../container.ts";
import type { Server } from "../server.ts";

const ordinary = {
  kind: "session",
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "2.8.13",
  complexity: "O(1)",
} as const;

const latencyHistogram: SessionCommand = {
  ...ordinary,
  name: "latency|histogram",
  arity: -2,
  since: "7.0.0",
  summary: "Answers, per command, how many calls took at most so many microseconds.",
  complexity: "O(N) in the commands called",
  syntax: "[command [command ...]]",
  run({ server }, args) {
    const entries = args.length === 2 ? server.commands.entries() : args.slice(2).flatMap(entriesOf(server));
    const called = server.settings.showsLatency ? entries.filter(({ latency }) => latency.count > 0) : [];
    return map(called.map((entry) => [entry.command.name, distribution(entry)]));
  },
};

/** A container stands for all its subcommands; "config|get" for one of them. */
function entriesOf({ commands }: Server): (name: Uint8Array) => readonly CommandEntry[] {
  return (name) => {
    const [container, word, rest] = latin1(name).toLowerCase().split("|", 3);
    if (rest !== undefined) return [];
    const item = commands.find(Buffer.from(container!, "latin1"), 0, container!.length);
    if (item === undefined) return [];
    if (item.kind === "command") return word === undefined ? [item.entry] : [];
    if (word === undefined)
      return [...(item.alone === undefined ? [] : [item.alone]), ...item.entries.values()];
    return [item.entries.get(word)].filter((entry) => entry !== undefined);
  };
}

function distribution({ calls, latency }: CommandEntry): Reply {
  return map([
    ["calls", calls],
    ["histogram_usec", map(latency.cumulativeByPowerOfTwo())],
  ]);
}

const latencyLatest: SessionCommand = {
  ...ordinary,
  name: "latency|latest",
  arity: 2,
  summary: "Answers nothing: single events are not watched.",
  run: () => [],
};

const latencyHistory: SessionCommand = {
  ...ordinary,
  name: "latency|history",
  arity: 3,
  summary: "Answers nothing: single events are not watched.",
  syntax: "event",
  run: () => [],
};

const latencyGraph: SessionCommand = {
  ...ordinary,
  name: "latency|graph",
  arity: 3,
  summary: "Refuses: single events are not watched.",
  syntax: "event",
  run(_session, args) {
    throw new CommandError(
      `ERR No samples available for event '${echo(args[2]!, Number.POSITIVE_INFINITY)}'`,
    );
  },
};

const latencyReset: SessionCommand = {
  ...ordinary,
  name: "latency|reset",
  arity: -2,
  summary: "Forgets single events, of which there are none.",
  syntax: "[event [event ...]]",
  run: () => 0,
};

const latencyDoctor: SessionCommand = {
  ...ordinary,
  name: "latency|doctor",
  arity: 2,
  summary: "Says where latencies are to be read.",
  run: () =>
    verbatim(
      "txt",
      "Single slow events are not watched. LATENCY HISTOGRAM shows how long commands took, SLOWLOG GET which of them were slow.\n",
    ),
};

export const latency = container({
  name: "latency",
  group: "server",
  since: "2.8.13",
  helpSince: "2.8.13",
  summary: "Shows how long commands took.",
  subcommands: [latencyDoctor, latencyGraph, latencyHistogram, latencyHistory, latencyLatest, latencyReset],
});
