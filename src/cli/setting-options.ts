/**
 * Every setting of `kvorum serve` and its three names: `--max-clients` on the command line,
 * KVORUM_MAX_CLIENTS in the environment, `max-clients` in the file. A value is text in all three.
 */

import { EVICTION_POLICIES } from "../base/eviction-policy.ts";
import { FSYNC_POLICIES } from "../node/settings.ts";
import { LOG_FORMATS, LOG_LEVELS, SERVE_DEFAULTS, type ServeSettings } from "./serve-settings.ts";
import { SETTING_KINDS } from "./setting-kinds.ts";

export interface SettingOption {
  readonly key: keyof ServeSettings;
  /** The flag without its dashes, and the key in the file. */
  readonly name: string;
  /** Heading in the help. */
  readonly group: string;
  readonly kind: keyof typeof SETTING_KINDS;
  /** What the help shows for the value, if the kind does not say it best. */
  readonly placeholder?: string;
  readonly summary: string;
  /** What Redis calls it, to guide those who come from there. */
  readonly redisName?: string;
  /** Never to be shown. */
  readonly isSecret?: boolean;
}

export const SETTING_OPTIONS: readonly SettingOption[] = [
  {
    key: "host",
    name: "host",
    group: "Network",
    kind: "text",
    placeholder: "address",
    summary: "listen on this address; others than loopback need a password",
    redisName: "bind",
  },
  {
    key: "port",
    name: "port",
    group: "Network",
    kind: "count",
    summary: "listen on this port; 0 takes any free one",
  },
  {
    key: "portSearch",
    name: "port-search",
    group: "Network",
    kind: "switch",
    summary: "if the port is taken, try the ones after it",
  },
  {
    key: "passwordFile",
    name: "password-file",
    group: "Access",
    kind: "text",
    placeholder: "file",
    summary: "ask clients for the password in this file",
  },
  {
    key: "password",
    name: "password",
    group: "Access",
    kind: "text",
    summary: "ask for this one; others see a command line, so rather use KVORUM_PASSWORD or a file",
    redisName: "requirepass",
    isSecret: true,
  },
  {
    key: "dataDirectory",
    name: "data",
    group: "Storage",
    kind: "text",
    placeholder: "directory",
    summary: "where the node keeps its files",
    redisName: "dir",
  },
  {
    key: "storage",
    name: "storage",
    group: "Storage",
    kind: "text",
    placeholder: "kind",
    summary: "disk, or memory: a cache that is empty after every start",
  },
  {
    key: "fsync",
    name: "fsync",
    group: "Storage",
    kind: "text",
    placeholder: "when",
    summary: `with storage disk, when a write is durable: ${FSYNC_POLICIES.join(", ")}`,
    redisName: "appendfsync",
  },
  {
    key: "memtableBytes",
    name: "memtable",
    group: "Storage",
    kind: "size",
    summary: "with storage disk, memory to gather rows in; a 64th of the machine's, up to 256mb",
  },
  {
    key: "blockCacheBytes",
    name: "block-cache",
    group: "Storage",
    kind: "size",
    summary: "with storage disk, memory for rows in files; a 16th of the machine's, up to 1gb",
  },
  {
    key: "scrubBytesPerSecond",
    name: "scrub-rate",
    group: "Storage",
    kind: "size",
    summary:
      "with storage disk: read and verify so much of it a second, at most, though nobody asks; 0: none",
  },
  {
    key: "diskTimeoutMs",
    name: "disk-timeout",
    group: "Storage",
    kind: "millis",
    summary: "with storage disk, refuse writes while it has not answered for so long; 0 for never",
  },
  {
    key: "recover",
    name: "recover",
    group: "Storage",
    kind: "switch",
    summary: "with storage disk, read every file, and start with what is whole of damaged ones",
  },
  {
    key: "maxmemoryBytes",
    name: "maxmemory",
    group: "Storage",
    kind: "size",
    summary: "with storage memory, limit for keys and values; 0 for none",
  },
  {
    key: "evictionPolicy",
    name: "eviction",
    group: "Storage",
    kind: "text",
    placeholder: "policy",
    summary: `what to drop at that limit: ${EVICTION_POLICIES.join(", ")}`,
    redisName: "maxmemory-policy",
  },
  {
    key: "peerPort",
    name: "peer-port",
    group: "Cluster",
    kind: "count",
    summary: "be a node of a cluster, and listen for other nodes on this port",
  },
  {
    key: "peerHost",
    name: "peer-host",
    group: "Cluster",
    kind: "text",
    placeholder: "address",
    summary: "listen for other nodes on this address; others than loopback need a secret",
  },
  {
    key: "peerAnnounce",
    name: "peer-announce",
    group: "Cluster",
    kind: "text",
    placeholder: "address",
    summary: "HOST:PORT at which other nodes reach it, where that is another: behind a router, say",
  },
  {
    key: "join",
    name: "join",
    group: "Cluster",
    kind: "text",
    placeholder: "addresses",
    summary: "HOST:PORT of other nodes' peer ports, with commas: join their cluster, or found one with them",
  },
  {
    key: "replaces",
    name: "replace",
    group: "Cluster",
    kind: "text",
    placeholder: "id",
    summary: "take the place of this member, which will not come back, when joining",
  },
  {
    key: "datacenter",
    name: "dc",
    group: "Cluster",
    kind: "text",
    placeholder: "name",
    summary: "the datacenter that the node is in",
  },
  {
    key: "rack",
    name: "rack",
    group: "Cluster",
    kind: "text",
    placeholder: "name",
    summary: "the rack; copies go to different racks if they can",
  },
  {
    key: "machine",
    name: "machine",
    group: "Cluster",
    kind: "text",
    placeholder: "name",
    summary: "two copies never share one; the machine's own id if none is given",
  },
  {
    key: "weight",
    name: "weight",
    group: "Cluster",
    kind: "count",
    summary: "the node's share of the data, to that of others",
  },
  {
    key: "moveBytesPerSecond",
    name: "move-rate",
    group: "Cluster",
    kind: "size",
    summary: "slots that move to this node come at no more than this a second; 0: as fast as clients allow",
  },
  {
    key: "secretFile",
    name: "secret-file",
    group: "Cluster",
    kind: "text",
    placeholder: "file",
    summary: "the nodes of the cluster, and nobody else, know what is in this file",
  },
  {
    key: "secret",
    name: "secret",
    group: "Cluster",
    kind: "text",
    summary: "that secret itself; others see a command line, so rather use KVORUM_SECRET or a file",
    isSecret: true,
  },
  {
    key: "adminPort",
    name: "admin-port",
    group: "Admin",
    kind: "port",
    summary: "dashboard, metrics and admin HTTP on this port; 1000 above the clients' if none is given; off",
  },
  {
    key: "adminHost",
    name: "admin-host",
    group: "Admin",
    kind: "text",
    placeholder: "address",
    summary: "listen for them on this address; others than loopback need a token",
  },
  {
    key: "adminTokenFile",
    name: "admin-token-file",
    group: "Admin",
    kind: "text",
    placeholder: "file",
    summary: "callers show the token in this file: Authorization: Bearer TOKEN",
  },
  {
    key: "adminToken",
    name: "admin-token",
    group: "Admin",
    kind: "text",
    summary: "that token itself; others see a command line, so rather use KVORUM_ADMIN_TOKEN or a file",
    isSecret: true,
  },
  {
    key: "metrics",
    name: "metrics",
    group: "Metrics",
    kind: "text",
    placeholder: "on or off",
    summary: "off: time no requests, and look for neither hot keys nor slow commands",
  },
  {
    key: "traceEndpoint",
    name: "trace-endpoint",
    group: "Traces",
    kind: "text",
    placeholder: "url",
    summary: "send traces (OTLP, JSON) to this collector, http://127.0.0.1:4318/v1/traces",
  },
  {
    key: "traceSample",
    name: "trace-sample",
    group: "Traces",
    kind: "part",
    summary: "of requests that say nothing of it themselves, trace this part, 0 to 1",
  },
  {
    key: "maxClients",
    name: "max-clients",
    group: "Limits",
    kind: "count",
    summary: "connections at one time",
    redisName: "maxclients",
  },
  {
    key: "idleTimeoutMs",
    name: "idle-timeout",
    group: "Limits",
    kind: "millis",
    summary: "close a connection silent for so long; 0 for never",
    redisName: "timeout",
  },
  {
    key: "valueBytesMax",
    name: "max-value",
    group: "Limits",
    kind: "size",
    summary: "largest value",
    redisName: "proto-max-bulk-len",
  },
  {
    key: "outputBufferBytesMax",
    name: "output-buffer",
    group: "Limits",
    kind: "size",
    summary: "replies that one connection has not read yet; 0 for no limit",
    redisName: "client-output-buffer-limit",
  },
  {
    key: "clientMemoryBytesMax",
    name: "client-memory",
    group: "Limits",
    kind: "size",
    summary: "buffers of all connections together; 0 for no limit",
    redisName: "maxmemory-clients",
  },
  {
    key: "slowlogThresholdMicros",
    name: "slowlog-threshold",
    group: "Logs",
    kind: "micros",
    summary: "keep commands that take longer in SLOWLOG; off for none",
    redisName: "slowlog-log-slower-than",
  },
  {
    key: "slowlogLength",
    name: "slowlog-length",
    group: "Logs",
    kind: "count",
    summary: "how many of them",
    redisName: "slowlog-max-len",
  },
  {
    key: "logLevel",
    name: "log-level",
    group: "Logs",
    kind: "text",
    placeholder: "level",
    summary: LOG_LEVELS.join(", "),
    redisName: "loglevel",
  },
  {
    key: "logFormat",
    name: "log-format",
    group: "Logs",
    kind: "text",
    placeholder: "format",
    summary: `${LOG_FORMATS.join(", ")}; auto is text on a terminal, else JSON lines`,
  },
  {
    key: "configFile",
    name: "config",
    group: "Settings file",
    kind: "text",
    placeholder: "file",
    summary: "read settings from a TOML file, where they have the names above",
  },
];

export function flagOf(option: SettingOption): string {
  return `--${option.name}`;
}

export function environmentNameOf(option: SettingOption): string {
  return `KVORUM_${option.name.replaceAll("-", "_").toUpperCase()}`;
}

/** As commander and the help write it: `--port <number>`, or `--port-search` for a switch. */
export function flagSyntaxOf(option: SettingOption): string {
  const placeholder = option.placeholder ?? SETTING_KINDS[option.kind].placeholder;
  return placeholder === "" ? flagOf(option) : `${flagOf(option)} <${placeholder}>`;
}

/** The default as one would write it; undefined if there is none to speak of. */
export function defaultTextOf(option: SettingOption): string | undefined {
  const value = SERVE_DEFAULTS[option.key];
  if (value === undefined || value === false || value === "") return undefined;
  return SETTING_KINDS[option.kind].format(value as never);
}

export function parseSetting(option: SettingOption, text: string): unknown {
  return SETTING_KINDS[option.kind].parse(text);
}
