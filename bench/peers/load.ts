/** Closed-loop load of one command: by redis-benchmark, or by a loader of our own where that is not installed. */
import { execFile } from "node:child_process";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { build } from "hdr-histogram-js";

export interface Load {
  readonly command: "SET" | "GET";
  readonly connections: number;
  readonly pipeline: number;
  readonly valueBytes: number;
  readonly requests: number;
  /** Each request takes one of so many keys by chance; always the same one if not given (or without redis-benchmark). */
  readonly keys?: number;
}

export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of all servers together, per request, where it was measured. */
  readonly cpuMicros?: number | undefined;
}

const KEY = "key:__rand_int__";

export async function drive(port: number, load: Load, hasRedisBenchmark: boolean): Promise<Measured> {
  return hasRedisBenchmark ? driveByRedisBenchmark(port, load) : driveBySockets(port, load);
}

/** Columns: test, rps, average, min, p50, p95, p99, max latency in milliseconds. */
async function driveByRedisBenchmark(port: number, load: Load): Promise<Measured> {
  const { command, connections, pipeline, valueBytes, requests, keys } = load;
  const shape = ["-c", `${connections}`, "-P", `${pipeline}`, "-d", `${valueBytes}`, "-n", `${requests}`];
  const spread = keys === undefined ? [] : ["-r", `${keys}`];
  const args = [
    "-h",
    "127.0.0.1",
    "-p",
    `${port}`,
    "--csv",
    "-t",
    command.toLowerCase(),
    ...shape,
    ...spread,
  ];
  const { stdout } = await promisify(execFile)("redis-benchmark", args);
  const row = stdout.trim().split("\n").at(-1)!;
  const [, requestsPerSecond, , , p50Ms, , p99Ms] = row
    .split(",")
    .map((cell) => Number(cell.replaceAll('"', "")));
  return { requestsPerSecond: requestsPerSecond!, p50Ms: p50Ms!, p99Ms: p99Ms! };
}

async function driveBySockets(port: number, load: Load): Promise<Measured> {
  const histogram = build({ highestTrackableValue: 60_000_000 });
  const request = encode(load);
  const turns = Math.ceil(load.requests / load.pipeline / load.connections);
  const startedMs = performance.now();
  const loops = Array.from({ length: load.connections }, () => loop(port, request, turns, load, histogram));
  await Promise.all(loops);
  const elapsedMs = performance.now() - startedMs;
  return {
    requestsPerSecond: (turns * load.pipeline * load.connections * 1000) / elapsedMs,
    p50Ms: histogram.getValueAtPercentile(50) / 1000,
    p99Ms: histogram.getValueAtPercentile(99) / 1000,
  };
}

function encode({ command, valueBytes, pipeline }: Load): Buffer {
  const args = command === "SET" ? [command, KEY, "x".repeat(valueBytes)] : [command, KEY];
  const parts = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return Buffer.from(`*${args.length}\r\n${parts.join("")}`.repeat(pipeline));
}

/** Sends the pipeline again whenever its replies are there: each ends in CRLF, and is that long. */
function loop(
  port: number,
  request: Buffer,
  turns: number,
  { command, valueBytes, pipeline }: Load,
  histogram: { recordValue(micros: number): void },
): Promise<void> {
  const replyBytes = command === "SET" ? 5 : `$${valueBytes}\r\n`.length + valueBytes + 2;
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let turnsLeft = turns;
    let bytesLeft = 0;
    let sentMs = 0;
    const send = (): void => {
      if (turnsLeft-- === 0) {
        socket.end();
        resolve();
        return;
      }
      bytesLeft = replyBytes * pipeline;
      sentMs = performance.now();
      socket.write(request);
    };
    socket.on("connect", send).on("error", reject);
    socket.on("data", (bytes) => {
      bytesLeft -= bytes.length;
      if (bytesLeft > 0) return;
      histogram.recordValue(Math.max(1, Math.round((performance.now() - sentMs) * 1000)));
      send();
    });
  });
}
