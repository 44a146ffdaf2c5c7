/** Closed-loop load of connections that are spread over several servers: each sends its next request once it has its answer. */
import { connect } from "node:net";
import { build } from "hdr-histogram-js";
import type { Measured } from "../peers/load.ts";

export interface ClusterLoad {
  readonly connections: number;
  readonly requests: number;
}

/** One connection. `ask` resolves when the answer is there; rejects if it is an error. */
export interface Asker {
  ask(): Promise<void>;
  close(): void;
}

/** `open`: the n-th connection. */
export async function drive(open: (n: number) => Promise<Asker>, load: ClusterLoad): Promise<Measured> {
  const { connections, requests } = load;
  const histogram = build({ highestTrackableValue: 60_000_000 });
  const askers = await Promise.all(Array.from({ length: connections }, (_, n) => open(n)));
  let left = requests;
  const startedMs = performance.now();
  const loop = async (asker: Asker): Promise<void> => {
    while (left-- > 0) {
      const sentMs = performance.now();
      await asker.ask();
      histogram.recordValue(Math.max(1, Math.round((performance.now() - sentMs) * 1000)));
    }
  };
  await Promise.all(askers.map(loop));
  const elapsedMs = performance.now() - startedMs;
  for (const asker of askers) asker.close();
  return {
    requestsPerSecond: (requests * 1000) / elapsedMs,
    p50Ms: histogram.getValueAtPercentile(50) / 1000,
    p99Ms: histogram.getValueAtPercentile(99) / 1000,
  };
}

/**
 * A connection to a RESP server. Each request is what `next` returns; it is answered by `replyBytes` bytes, the same
 * for every one but the first, which gets `extraBytes` more.
 */
export function openResp(
  port: number,
  next: () => string,
  replyBytes: number,
  extraBytes = 0,
): Promise<Asker> {
  return new Promise((opened, failed) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let wantedBytes = replyBytes + extraBytes;
    let bytesLeft = 0;
    let resolve: () => void = () => undefined;
    let reject: (cause: Error) => void = failed;
    socket.on("error", (cause) => reject(cause));
    socket.on("data", (bytes) => {
      if (bytesLeft === wantedBytes && bytes[0] === 0x2d)
        return reject(new Error(bytes.toString("latin1").trim()));
      bytesLeft -= bytes.length;
      if (bytesLeft < 0)
        return reject(new Error(`an answer too long: ${bytes.toString("latin1").slice(0, 80)}`));
      if (bytesLeft > 0) return;
      wantedBytes = replyBytes;
      resolve();
    });
    const ask = (): Promise<void> =>
      new Promise((done, fail) => {
        resolve = done;
        reject = fail;
        bytesLeft = wantedBytes;
        socket.write(next(), "latin1");
      });
    socket.on("connect", () => opened({ ask, close: () => void socket.destroy() }));
  });
}
