/**
 * The RESP codec alone, beside redis-parser (the decoder of ioredis 5) and replies built of strings: nanoseconds
 * per request decoded from shared 64 KiB buffers, cut as a socket cuts them, and per reply written or decoded.
 */
import { createRequire } from "node:module";
import { ReplyDecoder } from "../src/resp/reply-decoder.ts";
import { ReplyWriter } from "../src/resp/reply-writer.ts";
import { Request } from "../src/resp/request.ts";
import { REQUEST, RequestDecoder } from "../src/resp/request-decoder.ts";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";

interface PeerParser {
  execute(chunk: Buffer): void;
}
type PeerOptions = { returnReply(): void; returnError(): void; returnBuffers: boolean };

const require = createRequire(import.meta.url);
const Peer: new (options: PeerOptions) => PeerParser = createRequire(require.resolve("ioredis"))(
  "redis-parser",
);

const CHUNK_BYTES = 64 * 1024;
const STREAM_BYTES = 8 * CHUNK_BYTES;
/** Many short rounds: on a busy machine a few of them run undisturbed. */
const ROUNDS = 200;
const ROUND_MS = 3;
const clock = createNodejsClock();

/** Least nanoseconds per unit of several rounds; `body` returns how many units it has done. */
function nanoseconds(body: () => number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = clock.monotonicMs();
    let units = 0;
    do units += body();
    while (clock.monotonicMs() - startMs < ROUND_MS);
    best = Math.min(best, ((clock.monotonicMs() - startMs) / units) * 1e6);
  }
  return best;
}

function print(name: string, ownNs: number, peerNs: number): void {
  const perSecond = (1000 / ownNs).toFixed(1);
  const columns = [name.padEnd(42), `${ownNs.toFixed(1).padStart(8)} ns`, `${perSecond.padStart(6)} M/s`];
  console.log(`${columns.join("  ")}   ${(ownNs / peerNs).toFixed(2)} of the peer's ${peerNs.toFixed(0)} ns`);
}

/** Calls `onChunk` with each piece of `stream`, copied into one shared buffer as the network would. */
function deliver(stream: Uint8Array, onChunk: (bytes: Buffer, length: number) => void): void {
  for (let at = 0; at < stream.length; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, stream.length - at);
    shared.set(stream.subarray(at, at + length));
    onChunk(shared, length);
  }
}

const shared = Buffer.alloc(CHUNK_BYTES);

function measureRequests(name: string, request: (number: number) => readonly string[]): void {
  let text = "";
  for (let i = 0; text.length < STREAM_BYTES; i++) {
    const args = request(i);
    text += `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
  }
  const stream = Buffer.from(text);
  const decoder = new RequestDecoder();
  const decoded = new Request();
  const own = nanoseconds(() => {
    let count = 0;
    deliver(stream, (bytes, length) => {
      decoder.feed(bytes, length);
      while (decoder.next(decoded) === REQUEST) count++;
      decoder.park();
    });
    return count;
  });
  print(`decode ${name}`, own, measurePeer(stream));
}

function measurePeer(stream: Uint8Array): number {
  let count = 0;
  const returnReply = (): void => {
    count++;
  };
  const peer = new Peer({ returnReply, returnError: returnReply, returnBuffers: true });
  return nanoseconds(() => {
    count = 0;
    // It keeps slices of what it is given, so it needs chunks of its own.
    deliver(stream, (bytes, length) => peer.execute(Buffer.from(bytes.subarray(0, length))));
    return count;
  });
}

function measureReply(name: string, write: (writer: ReplyWriter) => void, peerText: () => string): void {
  const writer = new ReplyWriter();
  const own = nanoseconds(() => {
    for (let i = 0; i < 16; i++) write(writer);
    writer.reset();
    return 16;
  });
  const peer = nanoseconds(() => {
    let text = "";
    for (let i = 0; i < 16; i++) text += peerText();
    Buffer.from(text, "latin1");
    return 16;
  });
  print(`write ${name}`, own, peer);
}

function measureReplyDecoding(name: string, reply: string): void {
  const stream = Buffer.from(reply.repeat(STREAM_BYTES / reply.length));
  const decoder = new ReplyDecoder();
  const own = nanoseconds(() => {
    let count = 0;
    deliver(stream, (bytes, length) => {
      decoder.feed(bytes, length);
      while (decoder.next()) count++;
      decoder.park();
    });
    return count;
  });
  print(`decode reply ${name}`, own, measurePeer(stream));
}

const key = (number: number): string => `key:${`${number}`.padStart(12, "0")}`;
const store = new Uint8Array(1024 * 1024).fill(0x78);
let at = 0;
/** A range of `length` bytes somewhere in a store. */
function writeRange(writer: ReplyWriter, length: number): void {
  at = (at + 3001) & 0x7ffff;
  writer.bulkRange(store, at, at + length);
}
const peerBulk = (length: number) => (): string => {
  at = (at + 3001) & 0x7ffff;
  return `$${length}\r\n${Buffer.from(store.buffer, at, length).toString("latin1")}\r\n`;
};

measureRequests("SET, 16-byte key, 100-byte value", (i) => ["SET", key(i), "x".repeat(100)]);
measureRequests("GET, 16-byte key", (i) => ["GET", key(i)]);
measureRequests("PING", () => ["PING"]);
measureRequests("MSET, 10 keys", (i) => ["MSET", ...Array.from({ length: 20 }, (_, j) => key(i + j))]);
measureRequests("SET, 1 MiB value", (i) => ["SET", key(i), "x".repeat(1024 * 1024)]);
measureReply(
  "OK",
  (writer) => writer.simple("OK"),
  () => "+OK\r\n",
);
measureReply(
  "integer",
  (writer) => writer.integer(at),
  () => `:${at}\r\n`,
);
measureReply(
  "null",
  (writer) => writer.nullBulk(),
  () => "$-1\r\n",
);
for (const length of [16, 100, 1000]) {
  measureReply(`bulk of ${length} bytes`, (writer) => writeRange(writer, length), peerBulk(length));
}
measureReplyDecoding("OK", "+OK\r\n");
measureReplyDecoding("bulk of 100 bytes", `$100\r\n${"x".repeat(100)}\r\n`);
