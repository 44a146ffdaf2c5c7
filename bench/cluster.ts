/**
 * Three Kvorum nodes with a copy on each, beside a Redis primary with two replicas where each SET is followed by
 * WAIT 1, and beside three etcd members: what an acknowledged write is worth there is about the same. 50 connections
 * spread over the nodes, values of 100 bytes, one request under way on each. Then what reading from one copy saves, and
 * what it costs to ask a node that keeps no copy.
 *
 * Only the ratios of one run are claims; of them, those of processor time hardly depend on what else the machine does.
 * `--quick` for a short look.
 */
import { slotOf } from "../src/ring/slot.ts";
import type { ClusterContender } from "./cluster/contender.ts";
import { HOW_TO_INSTALL_ETCD, startEtcdCluster } from "./cluster/etcd-cluster.ts";
import { type EtcdRequest, openEtcd } from "./cluster/etcd-connection.ts";
import { slotPorts, startKvorumCluster } from "./cluster/kvorum-cluster.ts";
import { type Asker, drive, openResp } from "./cluster/loop.ts";
import { startRedisWithReplicas } from "./cluster/redis-cluster.ts";
import { encode } from "./cluster/resp-call.ts";
import { report } from "./peers/comparison.ts";
import { HOW_TO_INSTALL_REDIS, isInstalled } from "./peers/contender.ts";
import type { Measured } from "./peers/load.ts";

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 1 : 5;
const CONNECTIONS = 50;
const KEYS = 10_000;
const REQUESTS = { everysec: isQuick ? 20_000 : 100_000, always: isQuick ? 4_000 : 20_000 } as const;
const VALUE = "x".repeat(100);
const SET_REPLY_BYTES = "+OK\r\n".length;
const WAIT_REPLY_BYTES = ":1\r\n".length;
const GET_REPLY_BYTES = `$${VALUE.length}\r\n${VALUE}\r\n`.length;

/** How one contender is asked. */
interface Way {
  readonly of: ClusterContender;
  /** Its n-th connection. */
  readonly open: (n: number) => Promise<Asker>;
}

const hasRedis = isInstalled("redis-server");
const hasEtcd = isInstalled("etcd");
if (!hasRedis) console.log(`No redis-server to compare with. To install it: ${HOW_TO_INSTALL_REDIS}`);
if (!hasEtcd) console.log(`No etcd to compare with. To install it: ${HOW_TO_INSTALL_ETCD}`);

await compareWithRedis();
await compareWithEtcd();
await compareForwarded();

async function compareWithRedis(): Promise<void> {
  const kvorum = await startKvorumCluster(3, "--fsync", "everysec");
  const redis = hasRedis ? await startRedisWithReplicas("everysec") : undefined;
  const requests = REQUESTS.everysec;
  try {
    await fill(kvorum.ports);
    if (redis !== undefined) await fill(redis.ports.slice(0, 1));
    await compare("SET, synced everysec, two copies acknowledged", requests, {
      kvorum: setsAt(kvorum),
      ...(redis === undefined ? {} : { "redis + WAIT 1": waitedSetsAt(redis) }),
    });
    await compare("GET", requests, {
      "kvorum, R=2": getsAt(kvorum),
      "kvorum, R=1": getsAt(kvorum, ["KV.CONSISTENCY", "READ", "one"]),
      ...(redis === undefined ? {} : { "redis, its replicas": getsAt(redis) }),
    });
  } finally {
    await Promise.all([kvorum.stop(), redis?.stop()]);
  }
}

async function compareWithEtcd(): Promise<void> {
  const kvorum = await startKvorumCluster(3, "--fsync", "always");
  const etcd = hasEtcd ? await startEtcdCluster() : undefined;
  const requests = REQUESTS.always;
  const etcdAt = (request: (key: string) => EtcdRequest): Way => {
    return { of: etcd!, open: (n) => openEtcd(portOf(etcd!, n), () => request(anyKey())) };
  };
  try {
    await fill(kvorum.ports);
    await compare("SET, synced before the answer, two copies acknowledged", requests, {
      kvorum: setsAt(kvorum),
      ...(etcd === undefined ? {} : { etcd: etcdAt((key) => ({ key, value: VALUE })) }),
    });
    await compare("GET", requests, {
      "kvorum, R=2": getsAt(kvorum),
      ...(etcd === undefined ? {} : { "etcd, newest": etcdAt((key) => ({ key })) }),
      "kvorum, R=1": getsAt(kvorum, ["KV.CONSISTENCY", "READ", "one"]),
      ...(etcd === undefined ? {} : { "etcd, one member's": etcdAt((key) => ({ key, isLocal: true })) }),
    });
  } finally {
    await Promise.all([kvorum.stop(), etcd?.stop()]);
  }
}

/** Five nodes keep three copies: of some keys a node has none. */
async function compareForwarded(): Promise<void> {
  const kvorum = await startKvorumCluster(5, "--fsync", "everysec");
  try {
    await fill(kvorum.ports);
    const ranges = await slotPorts(kvorum.ports[0]!);
    const keysAt = kvorum.ports.map((port) => {
      const isKept = (key: string): boolean => {
        const slot = slotOf(Buffer.from(key), 0, key.length);
        return ranges.some(({ start, end, ports }) => start <= slot && slot <= end && ports.includes(port));
      };
      const keys = Array.from({ length: KEYS }, (_, i) => keyOf(i));
      return { direct: keys.filter(isKept), forwarded: keys.filter((key) => !isKept(key)) };
    });
    const way = (kind: "direct" | "forwarded", text: (key: string) => string, replyBytes: number): Way => {
      const open = (n: number): Promise<Asker> => {
        const node = n % kvorum.ports.length;
        return openResp(kvorum.ports[node]!, () => text(anyOf(keysAt[node]![kind])), replyBytes);
      };
      return { of: kvorum, open };
    };
    for (const [name, text, replyBytes] of [
      ["SET", setOf, SET_REPLY_BYTES],
      ["GET", getOf, GET_REPLY_BYTES],
    ] as const) {
      await compare(`${name}, five nodes`, REQUESTS.everysec, {
        "kvorum, forwarded": way("forwarded", text, replyBytes),
        "kvorum, direct": way("direct", text, replyBytes),
      });
    }
  } finally {
    await kvorum.stop();
  }
}

/** One round to warm up, then rounds in which each has its turn. Prints medians, and ratios of the first to the others. */
async function compare(title: string, requests: number, ways: Readonly<Record<string, Way>>): Promise<void> {
  const names = Object.keys(ways);
  const runs = new Map(names.map((name) => [name, [] as Measured[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round + 1) % names.length]!;
      const measured = await measure(ways[name]!, round < 0 ? requests / 4 : requests);
      if (round >= 0) runs.get(name)!.push(measured);
    }
  }
  report(title, runs);
}

async function measure({ of, open }: Way, requests: number): Promise<Measured> {
  const before = of.cpuMicros();
  const measured = await drive(open, { connections: CONNECTIONS, requests });
  const after = of.cpuMicros();
  const cpuMicros = before === undefined || after === undefined ? undefined : (after - before) / requests;
  return { ...measured, cpuMicros };
}

function setsAt(contender: ClusterContender): Way {
  const open = (n: number) => openResp(portOf(contender, n), () => setOf(anyKey()), SET_REPLY_BYTES);
  return { of: contender, open };
}

/** At the primary. SET and WAIT leave together, so that waiting costs no round trip of its own. */
function waitedSetsAt(redis: ClusterContender): Way {
  const next = (): string => setOf(anyKey()) + encode("WAIT", "1", "0");
  return { of: redis, open: () => openResp(redis.ports[0]!, next, SET_REPLY_BYTES + WAIT_REPLY_BYTES) };
}

/** `first`: what each connection says before, answered with OK. */
function getsAt(contender: ClusterContender, first?: readonly string[]): Way {
  const open = (n: number): Promise<Asker> => {
    const port = portOf(contender, n);
    let before = first === undefined ? "" : encode(...first);
    const next = (): string => {
      const text = before + getOf(anyKey());
      before = "";
      return text;
    };
    return openResp(port, next, GET_REPLY_BYTES, first === undefined ? 0 : SET_REPLY_BYTES);
  };
  return { of: contender, open };
}

async function fill(ports: readonly number[]): Promise<void> {
  let next = 0;
  const load = { connections: CONNECTIONS, requests: KEYS };
  await drive(
    (n) => openResp(ports[n % ports.length]!, () => setOf(keyOf(next++ % KEYS)), SET_REPLY_BYTES),
    load,
  );
}

function portOf({ ports }: ClusterContender, n: number): number {
  return ports[n % ports.length]!;
}

function setOf(key: string): string {
  return encode("SET", key, VALUE);
}

function getOf(key: string): string {
  return encode("GET", key);
}

function keyOf(number: number): string {
  return `key:${String(number).padStart(12, "0")}`;
}

function anyKey(): string {
  return keyOf(Math.floor(Math.random() * KEYS));
}

function anyOf(keys: readonly string[]): string {
  return keys[Math.floor(Math.random() * keys.length)]!;
}
