/**
 * What may stand in NodeSettings. Each rule's message completes the sentence "<setting> must be ...", so that
 * whoever shows it can say where the value came from.
 */
import { z } from "zod";
import { StoreError } from "../base/errors.ts";
import { EVICTION_POLICIES } from "../base/eviction-policy.ts";
import { WEIGHT_MAX } from "../membership/topology.ts";
import { parseAddress, parseAddresses } from "./cluster/address.ts";
import {
  DATABASE_COUNT,
  DEFAULT_SETTINGS,
  FSYNC_POLICIES,
  type NodeSettings,
  STORAGE_KINDS,
} from "./settings.ts";

const MIB = 1024 * 1024;
const HOST_NAME = /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i;
const IPV6_ADDRESS = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*(%\w+)?$/i;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

const WILDCARD = /^(0\.0\.0\.0|::)$/;

const passwordRule = "1 to 1024 characters";
const peerPortRule = "a whole number from 0 to 65535 (0 takes any free port)";
const adminPortRule = "a whole number from 0 to 65535 (0 takes any free port), or off";
const idRule =
  "a node's id as `kvorum status` shows it: up to 16 hexadecimal digits, enough to tell it from the others";
const announceRule = "an address HOST:PORT";
const joinRule = "a list of addresses HOST:PORT with commas between them";
const endpointRule = "an address such as http://127.0.0.1:4318/v1/traces (without https)";
const sampleRule = "a part of 1, from 0 to 1";
const nameRule = "1 to 255 characters";

/** One rule per setting; `shape` gives them one by one. */
export const nodeSettingsSchema = z.strictObject({
  host: z.string({ error: hostRule() }).refine(isHost, { error: hostRule() }),
  port: whole({ min: 0, max: 65535, rule: "a whole number from 0 to 65535 (0 takes any free port)" }),
  dataDirectory: z.string({ error: "a directory" }).min(1, { error: "a directory" }),
  storage: oneOf(STORAGE_KINDS),
  maxmemoryBytes: whole({ min: 0, rule: "a size such as 256mb or 4gb (0 for no limit)" }),
  evictionPolicy: oneOf(EVICTION_POLICIES),
  fsync: oneOf(FSYNC_POLICIES),
  memtableBytes: whole({ min: MIB, max: 1024 * MIB, rule: "a size from 1mb to 1gb" })
    .refine((bytes) => bytes % 4 === 0, { error: "a size from 1mb to 1gb, in whole words of 4 bytes" })
    .optional(),
  blockCacheBytes: whole({ min: MIB, rule: "a size of at least 1mb" }).optional(),
  scrubBytesPerSecond: whole({ min: 0, rule: "a size such as 4mb (0 for off)" }),
  diskTimeoutMs: whole({ min: 0, rule: "a duration such as 10s or 1m (0 for never)" }),
  recover: z.boolean({ error: "true or false" }),
  password: z
    .string({ error: passwordRule })
    .min(1, { error: passwordRule })
    .max(1024, { error: passwordRule })
    .optional(),
  maxClients: whole({ min: 1, max: 1_000_000, rule: "a whole number from 1 to 1000000" }),
  idleTimeoutMs: whole({ min: 0, rule: "a duration such as 30s or 5m (0 for never)" }),
  valueBytesMax: whole({ min: 1024, max: 64 * MIB, rule: "a size from 1kb to 64mb" }),
  outputBufferBytesMax: limitFromMib(),
  clientMemoryBytesMax: limitFromMib(),
  slowlogThresholdMicros: whole({
    min: -1,
    rule: "a duration such as 10ms or 500us (0 keeps every command), or off",
  }),
  slowlogLength: whole({ min: 0, max: 1_000_000, rule: "a whole number from 0 to 1000000" }),
  peerHost: z.string({ error: hostRule() }).refine(isHost, { error: hostRule() }),
  peerPort: whole({ min: 0, max: 65535, rule: peerPortRule }).optional(),
  peerAnnounce: z
    .string({ error: announceRule })
    .refine((text) => text === "" || parseAddress(text) !== undefined, { error: announceRule }),
  join: z
    .string({ error: joinRule })
    .refine((text) => parseAddresses(text) !== undefined, { error: joinRule }),
  replaces: z.string({ error: idRule }).regex(/^[0-9a-f]{0,16}$/i, { error: idRule }),
  datacenter: named(),
  rack: named(),
  machine: named().optional(),
  weight: whole({ min: 1, max: WEIGHT_MAX, rule: `a whole number from 1 to ${WEIGHT_MAX}` }),
  moveBytesPerSecond: whole({ min: 0, rule: "a size such as 20mb (0 for no limit)" }),
  secret: z
    .string({ error: passwordRule })
    .min(1, { error: passwordRule })
    .max(1024, { error: passwordRule })
    .optional(),
  adminHost: z.string({ error: hostRule() }).refine(isHost, { error: hostRule() }),
  adminPort: z.union([z.literal("off"), z.int().min(0).max(65535)], { error: adminPortRule }).optional(),
  adminToken: z
    .string({ error: passwordRule })
    .min(1, { error: passwordRule })
    .max(1024, { error: passwordRule })
    .optional(),
  traceEndpoint: z
    .string({ error: endpointRule })
    .refine((text) => text === "" || isHttpEndpoint(text), { error: endpointRule })
    .optional(),
  traceSample: z.number({ error: sampleRule }).min(0, { error: sampleRule }).max(1, { error: sampleRule }),
  metrics: oneOf(["on", "off"]),
  databases: z.literal(DATABASE_COUNT, { error: `${DATABASE_COUNT}` }),
});

/** A setting that breaks a rule; "`name` must be `rule`". */
export interface SettingProblem {
  readonly name: keyof NodeSettings;
  readonly rule: string;
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** What is wrong with settings that are each well-formed, but not together. */
export function findConflict(settings: NodeSettings): SettingProblem | undefined {
  if (settings.storage === "disk" && settings.maxmemoryBytes > 0) {
    return {
      name: "maxmemoryBytes",
      rule: "0 with storage disk, where the disk alone is the limit",
    };
  }
  if (settings.password === undefined && !isLoopback(settings.host)) {
    return {
      name: "host",
      rule: "a loopback address (127.0.0.1, ::1, localhost) unless a password is set, since anybody may connect",
    };
  }
  if (settings.adminToken === undefined && !isLoopback(settings.adminHost) && settings.adminPort !== "off") {
    return {
      name: "adminHost",
      rule: "a loopback address (127.0.0.1, ::1, localhost) unless a token is set, since anybody may connect",
    };
  }
  return findPeerConflict(settings);
}

function findPeerConflict(settings: NodeSettings): SettingProblem | undefined {
  const { peerHost, peerPort, join, replaces, secret } = settings;
  if (replaces !== "" && join === "")
    return { name: "replaces", rule: "left out unless there is a cluster to join" };
  if (peerPort === undefined) {
    return join === "" ? undefined : { name: "join", rule: "left out unless there is a peer port" };
  }
  if (WILDCARD.test(peerHost)) {
    return { name: "peerHost", rule: "one address of this machine, since other nodes are told of it" };
  }
  if (secret !== undefined || isLoopback(peerHost)) return undefined;
  return {
    name: "peerHost",
    rule: "a loopback address (127.0.0.1, ::1, localhost) unless a secret is set, since anybody may connect",
  };
}

/** The settings given, and the defaults for the rest. Throws StoreError INVALID_SETTING. */
export function completeSettings(given: Partial<NodeSettings>): NodeSettings {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const candidate = { ...DEFAULT_SETTINGS, ...present };
  const parsed = nodeSettingsSchema.safeParse(candidate);
  if (!parsed.success) throw invalidSetting(describe(parsed.error.issues[0]!));
  const conflict = findConflict(candidate);
  if (conflict !== undefined) throw invalidSetting(`${conflict.name} must be ${conflict.rule}`);
  return candidate;
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `there is no setting ${issue.keys.join(", ")}`;
  return `${issue.path.join(".")} must be ${issue.message}`;
}

function invalidSetting(message: string): StoreError {
  return new StoreError("INVALID_SETTING", "not-applied", message);
}

function named() {
  return z.string({ error: nameRule }).min(1, { error: nameRule }).max(255, { error: nameRule });
}

function isHttpEndpoint(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === "http:";
}

function isHost(text: string): boolean {
  return HOST_NAME.test(text) || IPV6_ADDRESS.test(text);
}

function hostRule(): string {
  return "an address or a host name, without brackets or a port";
}

function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, { error: `one of ${words.join(", ")}` });
}

function limitFromMib() {
  const rule = "a size of at least 1mb (0 for no limit)";
  return whole({ min: 0, rule }).refine((bytes) => bytes === 0 || bytes >= MIB, { error: rule });
}

function whole({ min, max = Number.MAX_SAFE_INTEGER, rule }: { min: number; max?: number; rule: string }) {
  return z.int({ error: rule }).min(min, { error: rule }).max(max, { error: rule });
}
