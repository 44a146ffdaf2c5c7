/**
 * MULTI, commands and EXEC in one write, beside redis-server, in turn: processor time of the thread that answers, per
 * transaction. Both servers keep everything in memory.
 *
 * Only the ratios of one run are claims: absolute figures are this machine's. `--quick` for a short look.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { encodeCalls } from "./peers/calls.ts";
import {
  type Contender,
  HOW_TO_INSTALL_REDIS,
  isInstalled,
  startKvorum,
  startRedis,
} from "./peers/contender.ts";

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 2 : 5;
const TRANSACTIONS = isQuick ? 20_000 : 60_000;
const CONNECTIONS = 20;
const CALLS = [
  ["SET", "key:1", "x".repeat(100)],
  ["GET", "key:1"],
  ["INCR", "counter:1"],
  ["GET", "key:1"],
];
/** So that every reply is as long as the first. */
const COUNTER_START = "1000000000";

if (isInstalled("redis-server")) {
  for (const depth of [1, 8]) await compare(depth);
} else {
  console.log(`No redis-server to compare with. To install it: ${HOW_TO_INSTALL_REDIS}`);
}

/** `depth`: transactions in one write. */
async function compare(depth: number): Promise<void> {
  const contenders = [await startKvorum("--storage", "memory"), await startRedis()];
  try {
    const micros = contenders.map((): number[] => []);
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [i, contender] of contenders.entries()) {
        const took = await drive(contender, depth);
        if (round > 0) micros[i]!.push(took); // the first is to warm up
      }
    }
    const [ours, theirs] = micros.map(median) as [number, number];
    console.log(`${CALLS.length} commands in a transaction, ${depth} in one write`);
    for (const [i, { name }] of contenders.entries()) {
      console.log(`  ${name.padEnd(13)} ${median(micros[i]!).toFixed(2)} µs`);
    }
    console.log(`  redis-server / kvorum: ${(theirs / ours).toFixed(2)}`);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** Processor time per transaction, in microseconds. */
async function drive({ port, pid }: Contender, depth: number): Promise<number> {
  const one = encodeCalls([["MULTI"], ...CALLS, ["EXEC"]]);
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => opened(port)));
  await exchange(sockets[0]!, encodeCalls([["SET", "counter:1", COUNTER_START]]), "+OK\r\n".length);
  const replyBytes = await firstReplyBytes(sockets[0]!, one);
  const request = Buffer.concat(Array.from({ length: depth }, () => one));
  const turns = Math.ceil(TRANSACTIONS / CONNECTIONS / depth);
  const startedMicros = threadMicros(pid);
  await Promise.all(
    sockets.map(async (socket) => {
      for (let turn = 0; turn < turns; turn++) await exchange(socket, request, depth * replyBytes);
    }),
  );
  const micros = threadMicros(pid) - startedMicros;
  for (const socket of sockets) socket.destroy();
  return micros / (turns * depth * CONNECTIONS);
}

/** Of the first thread, which is the one that answers. */
function threadMicros(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ")[0]) / 1000;
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Resolves when so many bytes have come back. */
function exchange(socket: Socket, request: Uint8Array, replyBytes: number): Promise<void> {
  return new Promise((resolve) => {
    let missing = replyBytes;
    const onData = (chunk: Uint8Array): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off("data", onData);
      resolve();
    };
    socket.on("data", onData);
    socket.write(request);
  });
}

/** Its end is the reply to a PING after it. */
function firstReplyBytes(socket: Socket, request: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (!text.endsWith("+PONG\r\n")) return;
      socket.off("data", onData);
      resolve(text.length - "+PONG\r\n".length);
    };
    socket.on("data", onData);
    socket.write(Buffer.concat([request, encodeCalls([["PING"]])]));
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
