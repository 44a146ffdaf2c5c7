/**
 * `OBJECT ENCODING | FREQ | IDLETIME | REFCOUNT key`: what Redis would say of a value of these bytes, and how the
 * key is used. None counts as a use.
 */
import type { Awaitable } from "../../base/awaitable.ts";
import type { Reply } from "../../resp/reply.ts";
import type { RowUsage } from "../../storage/memory/memory-engine.ts";
import { parseInteger64 } from "../arguments.ts";
import type { Session } from "../command.ts";
import { CommandError, type ReadCommand, type SessionCommand } from "../command.ts";
import { container } from "../container.ts";

const EMBEDDED_BYTES_MAX = 44;
/** Redis keeps one copy of each of these numbers, and says that it is referred to very often. */
const SHARED_INTEGERS_END = 10_000n;
const SHARED_REFERENCES = 2 ** 31 - 1;

const ordinary = {
  arity: 3,
  flags: ["readonly"],
  group: "generic",
  complexity: "O(1)",
  keys: { first: 2, last: 2, step: 1 },
  syntax: "key",
} as const;

const encoding: ReadCommand = {
  ...ordinary,
  name: "object|encoding",
  kind: "read",
  since: "2.2.3",
  summary: "Answers how Redis would keep the value: int, embstr or raw.",
  leavesNoTrace: true,
  run: ({ value }) => (value === undefined ? null : encodingOf(value)),
};

const refcount: ReadCommand = {
  ...ordinary,
  name: "object|refcount",
  kind: "read",
  since: "2.2.3",
  summary: "Answers how many refer to the value: one, except of small numbers.",
  leavesNoTrace: true,
  run: ({ value }) => (value === undefined ? null : referencesTo(value)),
};

const idletime: SessionCommand = {
  ...ordinary,
  name: "object|idletime",
  kind: "session",
  since: "2.2.3",
  summary: "Answers for how many seconds the key has not been used.",
  run: (session, args) =>
    whenThere(session, args[2]!, (usage, countsUses) => {
      if (!countsUses) return tracked(usage).idleSeconds;
      throw new CommandError(`ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHING}`);
    }),
};

const freq: SessionCommand = {
  ...ordinary,
  name: "object|freq",
  kind: "session",
  since: "4.0.0",
  summary: "Answers how often the key has been used, as a logarithm.",
  run: (session, args) => {
    const key = args[2]!;
    if (session.server.clusterDoor !== undefined) return frequencyInCluster(session, key.slice());
    return whenThere(session, key, (usage, countsUses) => {
      if (countsUses) return usage?.frequency ?? session.server.hotKeys.frequency(key);
      throw new CommandError(
        `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHING}`,
      );
    });
  },
};

const SWITCHING =
  "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";

export const object = container({
  name: "object",
  group: "generic",
  since: "2.2.3",
  helpSince: "6.2.0",
  summary: "Answers what is known of a value besides its bytes.",
  subcommands: [encoding, freq, idletime, refcount],
});

function encodingOf(value: Uint8Array): string {
  if (parseInteger64(value) !== undefined) return "int";
  return value.length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw";
}

function referencesTo(value: Uint8Array): number {
  const number = parseInteger64(value);
  return number !== undefined && number >= 0n && number < SHARED_INTEGERS_END ? SHARED_REFERENCES : 1;
}

function tracked(usage: RowUsage | undefined): RowUsage {
  if (usage !== undefined) return usage;
  throw new CommandError("ERR the use of keys is not tracked with storage disk, which evicts nothing");
}

/** `usage` is undefined if nobody keeps count. */
type UsageReply = (usage: RowUsage | undefined, countsUses: boolean) => Reply;

/** The key may be elsewhere: by what this node has been asked for lately, as KV.HOTKEYS tells it. */
async function frequencyInCluster(
  { server, database, consistency }: Session,
  key: Uint8Array,
): Promise<Reply> {
  const value = await server.clusterDoor!.keys.value({ database, key }, consistency);
  return value === null ? null : server.hotKeys.frequency(key);
}

function whenThere({ server, database }: Session, key: Uint8Array, reply: UsageReply): Awaitable<Reply> {
  const options = { wallMs: server.wallMs, touch: false };
  return server.node.replica.read({ database, key }, options, ({ value }) => {
    if (value === undefined) return null;
    const countsUses = server.settings.evictionPolicy.endsWith("-lfu");
    return reply(server.node.usage({ database, key }), countsUses);
  });
}
