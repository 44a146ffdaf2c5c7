/**
 * The parameters of CONFIG GET and SET, under Redis's names. Those of the settings that may change while the
 * server runs do; the rest say how things are.
 */
import { utf8 } from "../base/bytes.ts";
import { EVICTION_POLICIES, type EvictionPolicy } from "../base/eviction-policy.ts";
import { parseSize } from "../node/quantity.ts";
import { DATABASE_COUNT } from "../node/settings.ts";
import { findConflict } from "../node/settings-schema.ts";
import { latin1 } from "./arguments.ts";
import { as, choice, flag, INT32_MAX, immutable, only, type Parameter, size, whole } from "./parameter.ts";
import type { LiveSettings } from "./server.ts";

const MIB = 1024 * 1024;
const INT64_MAX = 2 ** 63;
const PASSWORD_CHARACTERS_MAX = 1024;

const requirepass: Parameter = {
  name: "requirepass",
  isSecret: true,
  read: ({ password = "" }) => latin1(utf8(password)),
  write(draft, text) {
    const password = Buffer.from(text, "latin1").toString("utf8");
    if (latin1(utf8(password)) !== text) return "a password must be UTF-8 text";
    if (password.length > PASSWORD_CHARACTERS_MAX) {
      return `a password has at most ${PASSWORD_CHARACTERS_MAX} characters`;
    }
    draft.password = password === "" ? undefined : password;
    if (findConflict(draft) === undefined) return undefined;
    return `without a password only loopback addresses may be listened on, and this is ${draft.host}`;
  },
};

const maxmemory: Parameter = {
  ...size("maxmemory", "maxmemoryBytes", { min: 0, max: INT64_MAX }),
  write(draft, text) {
    const refusal = size("maxmemory", "maxmemoryBytes", { min: 0, max: INT64_MAX }).write?.(draft, text);
    if (refusal !== undefined || draft.storage === "memory" || draft.maxmemoryBytes === 0) return refusal;
    return "this node runs with storage disk, where the disk alone is the limit";
  },
};

/** Only clients of the class `normal` exist; the limits of the others are kept as they are set. */
const outputLimits: Parameter = {
  name: "client-output-buffer-limit",
  read({ outputBufferBytesMax, outputSoftLimit: { bytes, seconds }, absentOutputLimits }) {
    const { slave, pubsub } = absentOutputLimits;
    return `normal ${outputBufferBytesMax} ${bytes} ${seconds} slave ${slave} pubsub ${pubsub}`;
  },
  write(draft, text) {
    const words = text.split(" ");
    if (words.length % 4 !== 0) return "Wrong number of arguments in buffer limit configuration.";
    for (let i = 0; i < words.length; i += 4) {
      const [name, ...limits] = words.slice(i, i + 4) as [string, string, string, string];
      const problem = writeOutputLimit(draft, name.toLowerCase(), limits);
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
};

function writeOutputLimit(
  draft: LiveSettings,
  name: string,
  limits: readonly [string, string, string],
): string | undefined {
  const [hardBytes, softBytes] = limits.slice(0, 2).map(parseSize);
  const seconds = /^\d+$/.test(limits[2]) ? Number(limits[2]) : undefined;
  if (!/^(normal|slave|replica|pubsub)$/.test(name)) {
    return "Invalid client class specified in buffer limit configuration.";
  }
  if (hardBytes === undefined || softBytes === undefined || seconds === undefined) {
    return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
  }
  if (name !== "normal") {
    const absent = name === "pubsub" ? "pubsub" : "slave";
    const kept = `${hardBytes} ${softBytes} ${seconds}`;
    draft.absentOutputLimits = { ...draft.absentOutputLimits, [absent]: kept };
    return undefined;
  }
  if (hardBytes > 0 && hardBytes < MIB) return "the hard limit for normal clients must be 0 or at least 1mb";
  draft.outputBufferBytesMax = hardBytes;
  draft.outputSoftLimit = { bytes: softBytes, seconds };
  return undefined;
}

const clientMemory: Parameter = {
  name: "maxmemory-clients",
  read: ({ clientMemoryBytesMax, clientMemoryPercent }) =>
    clientMemoryPercent > 0 ? `${clientMemoryPercent}%` : String(clientMemoryBytesMax),
  write(draft, text) {
    const percent = /^\d{1,9}%$/.test(text) ? Number.parseInt(text, 10) : 0;
    const bytes = percent > 0 || text === "0%" ? 0 : parseSize(text);
    if (bytes === undefined) return "argument must be a memory or percent value";
    if (percent > 100) return "percentage argument must be less or equal to 100";
    draft.clientMemoryBytesMax = bytes;
    draft.clientMemoryPercent = percent;
    return undefined;
  },
};

const percentiles: Parameter = {
  name: "latency-tracking-info-percentiles",
  read: ({ latencyPercentiles }) => latencyPercentiles.join(" "),
  write(draft, text) {
    const words = text.split(/\s+/).filter((word) => word !== "");
    if (!words.every((word) => /^-?\d+(\.\d+)?$/.test(word))) {
      return "Invalid latency-tracking-info-percentiles parameters";
    }
    const values = words.map(Number);
    if (values.some((value) => value < 0 || value > 100)) {
      return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    }
    draft.latencyPercentiles = values;
    return undefined;
  },
};

/** As Redis lists the policies: volatile-*, allkeys-*, noeviction; those of a kind in the order they have anyway. */
function byRedis(a: EvictionPolicy, b: EvictionPolicy): number {
  const rank = (policy: string): number =>
    ["volatile", "allkeys", "noeviction"].indexOf(policy.split("-")[0]!);
  return rank(a) - rank(b);
}

export const PARAMETERS: readonly Parameter[] = [
  maxmemory,
  choice("maxmemory-policy", "evictionPolicy", [...EVICTION_POLICIES].sort(byRedis)),
  whole("maxmemory-samples", "evictionSamples", { min: 1, max: INT32_MAX }),
  clientMemory,
  whole("lfu-log-factor", "lfuLogFactor", { min: 0, max: INT32_MAX }),
  whole("lfu-decay-time", "lfuDecayMinutes", { min: 0, max: INT32_MAX }),
  whole("timeout", "idleTimeoutMs", { min: 0, max: INT32_MAX, unit: 1000 }),
  whole("maxclients", "maxClients", { min: 1, max: 2 ** 32 - 1 }),
  size("proto-max-bulk-len", "valueBytesMax", { min: MIB, max: 64 * MIB }),
  whole("slowlog-log-slower-than", "slowlogThresholdMicros", { min: -1, max: INT64_MAX }),
  whole("slowlog-max-len", "slowlogLength", { min: 0, max: INT64_MAX }),
  choice("appendfsync", "fsync", ["everysec", "always", "no"]),
  flag("latency-tracking", "showsLatency"),
  choice("metrics", "metrics", ["on", "off"]),
  percentiles,
  outputLimits,
  requirepass,
  only("activedefrag", "no"),
  as("appendonly", ({ storage }) => (storage === "disk" ? "yes" : "no")),
  only("hz", "10"),
  only("latency-monitor-threshold", "0"),
  only("notify-keyspace-events", ""),
  only("protected-mode", "yes"),
  only("save", ""),
  only("tcp-keepalive", "300"),
  immutable("bind", ({ host }) => host),
  immutable("cluster-enabled", ({ peerPort }) => (peerPort === undefined ? "no" : "yes")),
  immutable("daemonize", () => "no"),
  immutable("databases", () => String(DATABASE_COUNT)),
  immutable("dir", ({ dataDirectory }) => dataDirectory),
  immutable("io-threads", () => "1"),
  immutable("logfile", () => ""),
  immutable("pidfile", () => ""),
  immutable("port", (_settings, { port }) => String(port)),
  immutable("replicaof", () => ""),
  immutable("unixsocket", () => ""),
];

const byName = new Map(PARAMETERS.map((parameter) => [parameter.name, parameter]));

/** In any case of letters. */
export function parameterNamed(name: string): Parameter | undefined {
  return byName.get(name.toLowerCase());
}
