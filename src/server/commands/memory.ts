/** `MEMORY USAGE | STATS | DOCTOR | PURGE | MALLOC-STATS`: what takes memory. Rows lie in pages of Kvorum's own. */
import { whenReady } from "../../base/awaitable.ts";
import { DATABASE_COUNT } from "../../node/settings.ts";
import { double, map, OK, type Reply, verbatim } from "../../resp/reply.ts";
import { integer64, SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { container } from "../container.ts";
import type { Server } from "../server.ts";
import { humanSize } from "../status-sections.ts";

const ordinary = {
  kind: "session",
  flags: [],
  group: "server",
  since: "4.0.0",
  complexity: "O(1)",
} as const;

const memoryUsage: SessionCommand = {
  ...ordinary,
  name: "memory|usage",
  arity: -3,
  flags: ["readonly"],
  summary:
    "Answers the bytes that a key and its value take, with their share of the index; on disk, their own.",
  syntax: "key [SAMPLES count]",
  keys: { first: 2, last: 2, step: 1 },
  run({ server, database }, args) {
    for (let i = 3; i < args.length; i += 2) {
      if (word(args[i]!) !== "SAMPLES" || i + 1 === args.length) throw new CommandError(SYNTAX_ERROR);
      if (integer64(args[i + 1]!) < 0n) throw new CommandError(SYNTAX_ERROR);
    }
    return whenReady(server.node.rowBytes({ database, key: args[2]! }), (bytes) => bytes ?? null);
  },
};

const memoryStats: SessionCommand = {
  ...ordinary,
  name: "memory|stats",
  arity: 2,
  summary: "Answers what memory is used for, in numbers.",
  run: ({ server }) => statistics(server),
};

function statistics(server: Server): Reply {
  const { usedBytes, peakBytes } = server.measureMemory();
  const { memoryBytes, liveBytes } = server.node.engine.statistics;
  const ratio = (part: number, whole: number): Reply => double(part / Math.max(1, whole));
  const residentBytes = server.runtime.host.residentBytes();
  const keyCount = countKeys(server);
  const share = (part: number, whole: number): Reply => double(whole === 0 ? 0 : (part * 100) / whole);
  return map([
    ["peak.allocated", peakBytes],
    ["total.allocated", usedBytes],
    ["startup.allocated", 0],
    ["replication.backlog", 0],
    ["clients.slaves", 0],
    ["clients.normal", server.clientBytes],
    ["cluster.links", 0],
    ["aof.buffer", 0],
    ["lua.caches", 0],
    ["functions.caches", 0],
    ["overhead.total", usedBytes - liveBytes],
    ["keys.count", keyCount],
    ["keys.bytes-per-key", keyCount === 0 ? 0 : Math.floor(liveBytes / keyCount)],
    ["dataset.bytes", liveBytes],
    ["dataset.percentage", share(liveBytes, usedBytes)],
    ["peak.percentage", share(usedBytes, peakBytes)],
    ["allocator.allocated", liveBytes],
    ["allocator.active", memoryBytes],
    ["allocator.resident", memoryBytes],
    ["allocator-fragmentation.ratio", ratio(memoryBytes, liveBytes)],
    ["allocator-fragmentation.bytes", memoryBytes - liveBytes],
    ["rss-overhead.ratio", ratio(residentBytes, memoryBytes)],
    ["rss-overhead.bytes", residentBytes - memoryBytes],
    ["fragmentation", ratio(residentBytes, usedBytes)],
    ["fragmentation.bytes", residentBytes - usedBytes],
  ]);
}

function countKeys({ node }: Server): number {
  let count = 0;
  for (let database = 0; database < DATABASE_COUNT; database++) count += node.counts(database).rows;
  return count;
}

const memoryDoctor: SessionCommand = {
  ...ordinary,
  name: "memory|doctor",
  arity: 2,
  summary: "Says in words what is remarkable about the memory in use.",
  run: ({ server }) => verbatim("txt", `${diagnoses(server).join("\n")}\n`),
};

/** Below this nothing is worth a remark. */
const REMARKABLE_BYTES = 64 * 1024 * 1024;

function diagnoses(server: Server): readonly string[] {
  const { usedBytes, peakBytes } = server.measureMemory();
  const { memoryBytes, liveBytes } = server.node.engine.statistics;
  const { maxmemoryBytes, evictionPolicy } = server.settings;
  const found: string[] = [];
  if (memoryBytes > REMARKABLE_BYTES && liveBytes < memoryBytes / 2) {
    found.push(
      `Rows fill ${humanSize(liveBytes)} of ${humanSize(memoryBytes)}: the rest waits to be used again.`,
    );
  }
  if (server.clientBytes > REMARKABLE_BYTES) {
    found.push(
      `Clients' requests and unread replies take ${humanSize(server.clientBytes)}: see CLIENT LIST.`,
    );
  }
  if (peakBytes > REMARKABLE_BYTES && usedBytes < peakBytes / 2) {
    found.push(`At most ${humanSize(peakBytes)} were in use, now ${humanSize(usedBytes)}.`);
  }
  if (maxmemoryBytes > 0 && evictionPolicy === "noeviction" && liveBytes > maxmemoryBytes * 0.9) {
    found.push(
      "Nearly all of maxmemory is in use, and the policy is noeviction: writes will soon be refused.",
    );
  }
  return found.length > 0 ? found : ["Nothing remarkable."];
}

const memoryPurge: SessionCommand = {
  ...ordinary,
  name: "memory|purge",
  arity: 2,
  summary: "Does nothing: empty pages are given back as they become empty.",
  run: () => OK,
};

const memoryMallocStats: SessionCommand = {
  ...ordinary,
  name: "memory|malloc-stats",
  arity: 2,
  summary: "Tells of the pages that hold the rows.",
  run({ server }) {
    const { memoryBytes, liveBytes } = server.node.engine.statistics;
    return verbatim("txt", `Rows: ${memoryBytes} bytes held, ${liveBytes} of them filled.\n`);
  },
};

export const memory = container({
  name: "memory",
  group: "server",
  since: "4.0.0",
  helpSince: "4.0.0",
  summary: "Tells what takes memory.",
  subcommands: [memoryDoctor, memoryMallocStats, memoryPurge, memoryStats, memoryUsage],
});
