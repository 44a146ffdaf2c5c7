/** What clients ask, how long that takes, and what is refused. */
import { DATABASE_COUNT } from "../../node/settings.ts";
import { HOT_KEY_ORDERS } from "../hot-keys.ts";
import { COMMAND_FAMILIES } from "./command-family.ts";
import { histogramSamples, type Metric, one, perKeyspace, summarySamples } from "./metric.ts";
import { PHASES } from "./request-times.ts";

export const LATENCY_METRICS: readonly Metric[] = [
  {
    name: "kvorum_evicted_keys_total",
    type: "counter",
    help: "Keys evicted for want of memory.",
    labels: ["keyspace"],
    collect: perKeyspace(({ server }, keyspace) => server.node.evictedRows(keyspace)),
  },
  {
    name: "kvorum_command_duration_seconds",
    type: "histogram",
    help: "How long commands took in the node, by kind of command; quick ones are timed together, and under load some for all.",
    labels: ["family"],
    collect: ({ times }) =>
      COMMAND_FAMILIES.flatMap((family) => histogramSamples(times.all(family), { family })),
  },
  {
    name: "kvorum_command_latency_seconds",
    type: "summary",
    help: "The same, as quantiles of the last ten seconds.",
    labels: ["family"],
    collect: ({ times }) =>
      COMMAND_FAMILIES.flatMap((family) =>
        summarySamples(times.recent(family), times.all(family), { family }),
      ),
  },
  {
    name: "kvorum_phase_duration_seconds",
    type: "histogram",
    help: "Where requests spend their time: this node's own work, waiting for other replicas, waiting for its disk (in a cluster, the writes of others as well).",
    labels: ["phase"],
    collect: ({ times }) => PHASES.flatMap((phase) => histogramSamples(times.all(phase), { phase })),
  },
  {
    name: "kvorum_phase_latency_seconds",
    type: "summary",
    help: "The same, as quantiles of the last ten seconds.",
    labels: ["phase"],
    collect: ({ times }) =>
      PHASES.flatMap((phase) => summarySamples(times.recent(phase), times.all(phase), { phase })),
  },
];

export const REQUEST_METRICS: readonly Metric[] = [
  {
    name: "kvorum_hottest_key_share_ratio",
    type: "gauge",
    help: "The part of all recent reads, writes or bytes that falls to one key, the hottest; KV.HOTKEYS names it.",
    labels: ["by"],
    collect: ({ server }) =>
      HOT_KEY_ORDERS.map((by) => ({ labels: { by }, value: server.hotKeys.top(by, 1)[0]?.share ?? 0 })),
  },
  {
    name: "kvorum_commands_total",
    type: "counter",
    help: "Commands that were run, by command; those never asked for are left out.",
    labels: ["command"],
    collect: ({ server }) =>
      server.commands
        .entries()
        .filter(({ calls }) => calls > 0)
        .map(({ command, calls }) => ({ labels: { command: command.name }, value: calls })),
  },
  {
    name: "kvorum_errors_total",
    type: "counter",
    help: "Errors that clients were told, by code.",
    labels: ["code"],
    collect: ({ server }) =>
      [...server.statistics.errorsByCode].map(([code, value]) => ({ labels: { code }, value })),
  },
  {
    name: "kvorum_key_hits_total",
    type: "counter",
    help: "Reads that found a key.",
    collect: ({ server }) => one(server.node.replica.lookups.hits),
  },
  {
    name: "kvorum_key_misses_total",
    type: "counter",
    help: "Reads that found none.",
    collect: ({ server }) => one(server.node.replica.lookups.misses),
  },
  {
    name: "kvorum_connections",
    type: "gauge",
    help: "Clients that are connected.",
    collect: ({ server }) => one(server.sessions.size),
  },
  {
    name: "kvorum_connections_accepted_total",
    type: "counter",
    help: "Connections of clients so far.",
    collect: ({ server }) => one(server.statistics.connections),
  },
  {
    name: "kvorum_connections_rejected_total",
    type: "counter",
    help: "Connections that were refused: too many clients, or too few file descriptors.",
    collect: ({ server }) => one(server.statistics.rejectedConnections),
  },
  {
    name: "kvorum_clients_evicted_total",
    type: "counter",
    help: "Clients closed because they held too much memory, or did not read their replies.",
    collect: ({ server: { statistics } }) => one(statistics.evictedClients + statistics.outputLimitCloses),
  },
  {
    name: "kvorum_client_buffer_bytes",
    type: "gauge",
    help: "Memory held for clients' requests and replies.",
    collect: ({ server }) => one(server.clientBytes),
  },
  {
    name: "kvorum_received_bytes_total",
    type: "counter",
    help: "Bytes received from clients.",
    collect: ({ server }) => one(server.statistics.bytesIn),
  },
  {
    name: "kvorum_sent_bytes_total",
    type: "counter",
    help: "Bytes sent to clients.",
    collect: ({ server }) => one(server.statistics.bytesOut),
  },
  {
    name: "kvorum_keys",
    type: "gauge",
    help: "Keys that this node has copies of, by database; tombstones and what has expired are counted until they go.",
    labels: ["database"],
    collect: ({ server }) =>
      Array.from({ length: DATABASE_COUNT }, (_, database) => ({
        labels: { database: String(database) },
        value: server.node.counts(database).rows,
      })).filter(({ value }, database) => value > 0 || database === 0),
  },
];
