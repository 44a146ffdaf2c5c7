/**
 * Requests from one node to another, beside a bare echo of as many bytes over the same connections: processor time per
 * request on each side, and requests per second. 100 bytes each way, 64 in flight (argument: another number).
 *
 * The responder is a process of its own. Rounds alternate; each figure is the least of them.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ByteRange } from "../src/base/bytes.ts";
import { silentLogger } from "../src/base/logger.ts";
import type { PayloadWriter } from "../src/peer/frame-writer.ts";
import type { PeerLink, ReplyReceiver } from "../src/peer/peer-link.ts";
import { DEFAULT_PEER_LIMITS } from "../src/peer/peer-settings.ts";
import { Peers } from "../src/peer/peers.ts";
import { createNodejsRuntime } from "../src/runtime/nodejs/nodejs-runtime.ts";
import type { Connection } from "../src/runtime/runtime.ts";

const IN_FLIGHT = Number(process.argv[2] ?? 64);
const REQUESTS = 300_000;
const ROUNDS = 5;
const PAYLOAD_BYTES = 100;
/** What the bare echo sends for one request: as much as a frame. */
const UNIT_BYTES = PAYLOAD_BYTES + 16;
const PATIENCE_MS = 10_000;
const HOST = "127.0.0.1";

interface Cost {
  readonly perSecond: number;
  readonly nearMicros: number;
  readonly farMicros: number;
}

const runtime = createNodejsRuntime();
const { child, peerPort, echoPort } = await startResponder();
const settings = {
  ...DEFAULT_PEER_LIMITS,
  self: { id: "000000000000000a", incarnation: 1 },
  clusterId: "bench",
  secret: new Uint8Array(32),
};
const peers = new Peers({ runtime, logger: silentLogger, settings });
const link = peers.link("000000000000000b");
link.setAddress({ host: HOST, port: peerPort });
await link.call(1, new Uint8Array(PAYLOAD_BYTES), { timeoutMs: PATIENCE_MS });
const echo = await runtime.network.connect({ host: HOST, port: echoPort, timeoutMs: PATIENCE_MS });

const ways = { "bare echo": startEcho(echo), request: () => runRequests(link), call: () => runCalls(link) };
const least = new Map<string, Cost>();
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(ways)) {
    const cost = await measure(run);
    const best = least.get(name);
    if (round >= 0) least.set(name, best === undefined ? cost : lesser(best, cost));
  }
}
const bare = least.get("bare echo")!;
console.log(`${PAYLOAD_BYTES} bytes each way, ${IN_FLIGHT} in flight; least of ${ROUNDS} rounds`);
for (const [name, { perSecond, nearMicros, farMicros }] of least) {
  const rate = Math.round(perSecond).toLocaleString("en").padStart(9);
  const near = `near ${nearMicros.toFixed(2)} us (bare + ${(nearMicros - bare.nearMicros).toFixed(2)})`;
  const far = `far ${farMicros.toFixed(2)} us (bare + ${(farMicros - bare.farMicros).toFixed(2)})`;
  console.log(`  ${name.padEnd(10)}${rate}/s   ${near}   ${far}`);
}
echo.destroy();
peers.close();
child.kill();

function lesser(a: Cost, b: Cost): Cost {
  return {
    perSecond: Math.max(a.perSecond, b.perSecond),
    nearMicros: Math.min(a.nearMicros, b.nearMicros),
    farMicros: Math.min(a.farMicros, b.farMicros),
  };
}

async function measure(run: () => Promise<void>): Promise<Cost> {
  const farBefore = await farCpuMicros();
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await run();
  const tookMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  const far = (await farCpuMicros()) - farBefore;
  return {
    perSecond: (REQUESTS * 1_000) / tookMs,
    nearMicros: (user + system) / REQUESTS,
    farMicros: far / REQUESTS,
  };
}

/** As a coordinator does: one receiver for all, no promise. */
function runRequests(through: PeerLink): Promise<void> {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const write = (writer: PayloadWriter): void => writer.bytes(payload);
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const next = (): void => {
      sent++;
      const refusal = through.request(1, write, receiver, PATIENCE_MS);
      if (refusal !== undefined) reject(refusal);
    };
    const receiver: ReplyReceiver = {
      onReply(_: PeerLink, { start, end }: ByteRange): void {
        if (end - start !== PAYLOAD_BYTES) reject(new Error("another answer"));
        if (++answered === REQUESTS) resolve();
        else if (sent < REQUESTS) next();
      },
      onFailure: (_, failure) => reject(failure),
    };
    for (let i = 0; i < IN_FLIGHT; i++) next();
  });
}

async function runCalls(through: PeerLink): Promise<void> {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const loop = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await through.call(1, payload, { timeoutMs: PATIENCE_MS });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => loop(REQUESTS / IN_FLIGHT)));
}

/** Sends again as many units as came back. */
function startEcho(connection: Connection): () => Promise<void> {
  const units = new Uint8Array(UNIT_BYTES * IN_FLIGHT);
  let wantedBytes = 0;
  let toSendBytes = 0;
  let partBytes = 0;
  let done: () => void = () => undefined;
  connection.start({
    onBytes(_, length) {
      wantedBytes -= length;
      partBytes += length;
      const whole = Math.min(partBytes - (partBytes % UNIT_BYTES), toSendBytes);
      partBytes %= UNIT_BYTES;
      toSendBytes -= whole;
      if (whole > 0) connection.write(units.subarray(0, whole));
      if (wantedBytes <= 0) done();
    },
    onDrain: () => undefined,
    onEnd: () => undefined,
    onClose: () => undefined,
  });
  return () =>
    new Promise((resolve) => {
      done = resolve;
      wantedBytes = REQUESTS * UNIT_BYTES;
      toSendBytes = wantedBytes - units.length;
      partBytes = 0;
      connection.write(units);
    });
}

async function startResponder(): Promise<{ child: ChildProcess; peerPort: number; echoPort: number }> {
  const responder = fork(new URL("./peers/peer-responder.js", import.meta.url));
  const [ports] = await once(responder, "message");
  return { child: responder, ...(ports as { peerPort: number; echoPort: number }) };
}

async function farCpuMicros(): Promise<number> {
  child.send("cpu");
  const [micros] = await once(child, "message");
  return micros as number;
}
