/** What every Network must do. Run against the real one and the simulated one. */
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { systemCode } from "./io-error.ts";
import type { Connection, ConnectionEvents, Listener, Network } from "./runtime.ts";

/** Runs `body` to its end in a world where `network` lives and `host` is an address to listen on. */
export type InNetwork = (body: (network: Network, host: string) => Promise<void>) => Promise<void>;

/** Keeps what a connection was told; a test waits for the state it wants to see. */
export class Recorder implements ConnectionEvents {
  readonly received: number[] = [];
  ends = 0;
  drains = 0;
  closes = 0;
  cause: Error | undefined;
  /** Called inside `onBytes`, after the bytes were kept. */
  afterBytes: () => void = () => undefined;
  #waiting: { readonly met: () => boolean; readonly resolve: () => void }[] = [];

  onBytes(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.received.push(bytes[i]!);
    this.afterBytes();
    this.#wake();
  }

  onDrain(): void {
    this.drains++;
    this.#wake();
  }

  onEnd(): void {
    this.ends++;
    this.#wake();
  }

  onClose(cause: Error | undefined): void {
    this.closes++;
    this.cause = cause;
    this.#wake();
  }

  /** Resolves at the first event after which `met()` is true, or at once. */
  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ met, resolve }));
  }

  untilReceived(count: number): Promise<void> {
    return this.until(() => this.received.length >= count);
  }

  untilClosed(): Promise<void> {
    return this.until(() => this.closes > 0);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ met }) => !met());
    for (const { met, resolve } of waiting) if (met()) resolve();
  }
}

/** Two connected ends, not yet started. */
export interface Pair {
  readonly listener: Listener;
  readonly dialled: Connection;
  readonly accepted: Connection;
}

export async function connectPair(network: Network, host: string): Promise<Pair> {
  const arrivals: Connection[] = [];
  let arrived = (): void => undefined;
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const listener = await network.listen({ host, port: 0 }, (connection) => {
    arrivals.push(connection);
    arrived();
  });
  const dialled = await network.connect({ host, port: listener.port, timeoutMs: 5_000 });
  await arrival;
  return { listener, dialled, accepted: arrivals[0]! };
}

/** A pair with a recorder at each end. */
async function startedPair(network: Network, host: string) {
  const pair = await connectPair(network, host);
  const near = new Recorder();
  const far = new Recorder();
  pair.dialled.start(near);
  pair.accepted.start(far);
  return { ...pair, near, far };
}

/** `length` bytes that repeat only every 251, so that a lost or doubled chunk shows. */
export function pattern(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) % 251);
}

/** Passes bytes to and fro, so that whatever was under way before on other connections has arrived. */
export async function roundTrips(network: Network, host: string, count: number): Promise<void> {
  const { dialled, accepted, near, far, listener } = await startedPair(network, host);
  for (let i = 1; i <= count; i++) {
    dialled.write(Uint8Array.of(i));
    await far.untilReceived(i);
    accepted.write(Uint8Array.of(i));
    await near.untilReceived(i);
  }
  dialled.destroy();
  await near.untilClosed();
  accepted.destroy();
  await listener.close();
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it should have failed");
}

/** Writes until `write` says that the connection keeps the buffer; the bytes written. */
function fill(connection: Connection): number {
  const chunk = pattern(251 * 256);
  for (let written = chunk.length; ; written += chunk.length) {
    if (!connection.write(chunk)) return written;
    if (written > 256 * 1024 * 1024) throw new Error("the connection takes everything");
  }
}

export function testNetwork(name: string, inNetwork: InNetwork): void {
  const check = (what: string, body: (network: Network, host: string) => Promise<void>): void => {
    test(`${name}: ${what}`, () => inNetwork(body));
  };
  testStreams(check);
  testFlowControl(check);
  testClosing(check);
  testListening(check);
}

type Check = (what: string, body: (network: Network, host: string) => Promise<void>) => void;

function testStreams(check: Check): void {
  check("bytes arrive both ways, whole and in order", async (network, host) => {
    const { dialled, accepted, near, far } = await startedPair(network, host);
    for (let sent = 0; sent < 100_000; sent += 1_000) {
      dialled.write(pattern(1_000, sent));
      accepted.write(pattern(1_000, sent + 7));
    }
    await Promise.all([near.untilReceived(100_000), far.untilReceived(100_000)]);
    expect(far.received).toEqual([...pattern(100_000)]);
    expect(near.received).toEqual([...pattern(100_000, 7)]);
  });

  check("a buffer may be reused once write returned true or onDrain was told", async (network, host) => {
    const { dialled, near, far } = await startedPair(network, host);
    const buffer = new Uint8Array(1);
    for (let i = 0; i < 100; i++) {
      buffer[0] = i;
      const { drains } = near;
      if (!dialled.write(buffer)) await near.until(() => near.drains > drains);
    }
    await far.untilReceived(100);
    expect(far.received).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  check("bytes sent before start are delivered after it", async (network, host) => {
    const { dialled, accepted } = await connectPair(network, host);
    dialled.write(pattern(10));
    await roundTrips(network, host, 3);
    const far = new Recorder();
    accepted.start(far);
    await far.untilReceived(10);
    expect(far.received).toEqual([...pattern(10)]);
  });

  check("each end knows the other's address", async (network, host) => {
    const { dialled, accepted, listener } = await connectPair(network, host);
    expect(dialled.peer).toBe(accepted.local);
    expect(accepted.peer).toBe(dialled.local);
    expect(dialled.peer).toBe(`${host}:${listener.port}`);
  });
}

function testFlowControl(check: Check): void {
  check("nothing is delivered while paused, everything after resume", async (network, host) => {
    const { dialled, accepted, far } = await startedPair(network, host);
    far.afterBytes = () => accepted.pause();
    dialled.write(pattern(1));
    await far.untilReceived(1);
    dialled.write(pattern(100, 1));
    await roundTrips(network, host, 3);
    expect(far.received).toEqual([0]);
    far.afterBytes = () => undefined;
    accepted.resume();
    await far.untilReceived(101);
    expect(far.received).toEqual([...pattern(101)]);
  });

  check("pause holds right after start, and before it", async (network, host) => {
    const { dialled, accepted } = await connectPair(network, host);
    const near = new Recorder();
    const far = new Recorder();
    accepted.pause();
    accepted.start(far);
    dialled.start(near);
    dialled.pause();
    dialled.resume();
    dialled.pause();
    dialled.write(pattern(10));
    accepted.write(pattern(10));
    await roundTrips(network, host, 3);
    expect([near.received, far.received]).toEqual([[], []]);
    dialled.resume();
    accepted.resume();
    await Promise.all([near.untilReceived(10), far.untilReceived(10)]);
  });

  check("a reader that stops fills the writer, who learns when all is out", async (network, host) => {
    const { dialled, accepted, near, far } = await startedPair(network, host);
    accepted.pause();
    const written = fill(dialled);
    expect(dialled.unsentBytes).toBeGreaterThan(0);
    expect(near.drains).toBe(0);
    accepted.resume();
    await near.until(() => near.drains > 0);
    expect(dialled.unsentBytes).toBe(0);
    await far.untilReceived(written);
    expect(far.received.every((byte, i) => byte === i % 251)).toBe(true);
    expect(near.drains).toBe(1);
  });

  check(
    "bytes written behind a full queue keep their order, and one onDrain tells",
    async (network, host) => {
      const { dialled, accepted, near, far } = await startedPair(network, host);
      accepted.pause();
      const written = fill(dialled);
      expect(dialled.write(pattern(3, 1))).toBe(false);
      expect(dialled.write(pattern(3, 4))).toBe(false);
      accepted.resume();
      await near.until(() => near.drains > 0);
      await far.untilReceived(written + 6);
      expect(far.received.slice(written)).toEqual([...pattern(6, 1)]);
      expect(near.drains).toBe(1);
      expect(dialled.write(pattern(1))).toBe(true);
    },
  );

  check("a connection closed while paused is told", async (network, host) => {
    const { accepted, far } = await startedPair(network, host);
    accepted.pause();
    accepted.destroy();
    await far.untilClosed();
    expect(far.cause).toBeUndefined();
  });
}

function testClosing(check: Check): void {
  check("end sends what is queued first, then both close in order", async (network, host) => {
    const { dialled, accepted, near, far } = await startedPair(network, host);
    accepted.pause();
    const written = fill(dialled);
    dialled.end();
    accepted.resume();
    await far.until(() => far.ends > 0);
    expect(far.received.length).toBe(written);
    expect(far.closes).toBe(0);
    accepted.end();
    await Promise.all([near.untilClosed(), far.untilClosed()]);
    expect([near.cause, far.cause]).toEqual([undefined, undefined]);
  });

  check("after the other end's end, writing does no harm", async (network, host) => {
    const { dialled, accepted, near, far } = await startedPair(network, host);
    dialled.end();
    await far.until(() => far.ends > 0);
    accepted.write(pattern(10));
    accepted.end();
    await Promise.all([near.untilClosed(), far.untilClosed()]);
    expect(near.received).toEqual([]);
    expect([near.closes, near.ends, far.closes, far.ends]).toEqual([1, 0, 1, 1]);
  });

  check("end closes even if the other end never does", async (network, host) => {
    const { dialled, near, far } = await startedPair(network, host);
    dialled.end();
    await near.untilClosed();
    expect(near.cause).toBeUndefined();
    expect(far.ends).toBe(1);
  });

  check("no bytes are delivered after end", async (network, host) => {
    const { dialled, accepted, near, far } = await startedPair(network, host);
    accepted.write(pattern(10));
    near.afterBytes = () => dialled.end();
    await far.until(() => far.ends > 0);
    const before = near.received.length;
    accepted.write(pattern(10));
    accepted.end();
    await near.untilClosed();
    expect(near.received.length).toBe(before);
  });

  check("destroy closes at once and is told to both", async (network, host) => {
    const { dialled, near, far } = await startedPair(network, host);
    dialled.write(pattern(10));
    dialled.destroy();
    await Promise.all([near.untilClosed(), far.until(() => far.ends + far.closes > 0)]);
    expect([near.closes, near.cause]).toEqual([1, undefined]);
  });

  check("destroy while paused drops what came meanwhile", async (network, host) => {
    const { dialled, accepted, near, far } = await startedPair(network, host);
    dialled.pause();
    accepted.write(pattern(10));
    await roundTrips(network, host, 3);
    dialled.destroy();
    await Promise.all([near.untilClosed(), far.until(() => far.ends + far.closes > 0)]);
    expect(near.received).toEqual([]);
  });

  check("destroy inside onBytes is the end of it", async (network, host) => {
    const { dialled, accepted, far } = await startedPair(network, host);
    far.afterBytes = () => accepted.destroy();
    dialled.write(pattern(10));
    await far.untilClosed();
    expect(far.received.length).toBeGreaterThan(0);
    expect([far.closes, far.cause]).toEqual([1, undefined]);
  });

  check("writing after the close does nothing", async (network, host) => {
    const { dialled, near } = await startedPair(network, host);
    dialled.destroy();
    expect(dialled.write(pattern(10))).toBe(true);
    await near.untilClosed();
    expect(dialled.write(pattern(10))).toBe(true);
    expect(dialled.unsentBytes).toBe(0);
    dialled.end();
    dialled.destroy();
    await roundTrips(network, host, 1);
    expect([near.closes, near.cause]).toEqual([1, undefined]);
  });

  check("a connection that closed before start tells so after it", async (network, host) => {
    const { dialled } = await connectPair(network, host);
    dialled.destroy();
    await roundTrips(network, host, 3);
    const near = new Recorder();
    dialled.start(near);
    expect(near.closes).toBe(0);
    await near.untilClosed();
    expect(near.closes).toBe(1);
  });
}

function testListening(check: Check): void {
  check("connecting where nobody listens fails and did nothing", async (network, host) => {
    const { listener } = await connectPair(network, host);
    await listener.close();
    const error = await failureOf(network.connect({ host, port: listener.port, timeoutMs: 5_000 }));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: "IO", outcome: "not-applied" });
    expect(systemCode(error)).toBe("ECONNREFUSED");
  });

  check("a port has one listener", async (network, host) => {
    const { listener } = await connectPair(network, host);
    const error = await failureOf(network.listen({ host, port: listener.port }, () => undefined));
    expect(error).toMatchObject({ code: "IO", outcome: "not-applied" });
    expect(systemCode(error)).toBe("EADDRINUSE");
  });

  check("port 0 takes a free one each time", async (network, host) => {
    const first = await connectPair(network, host);
    const second = await connectPair(network, host);
    expect(first.listener.port).toBeGreaterThan(0);
    expect(second.listener.port).not.toBe(first.listener.port);
  });

  check("closing the listener frees its port and leaves its connections alone", async (network, host) => {
    const { listener, dialled, accepted, near, far } = await startedPair(network, host);
    await listener.close();
    const again = await network.listen({ host, port: listener.port }, () => undefined);
    expect(again.port).toBe(listener.port);
    dialled.write(pattern(10));
    await far.untilReceived(10);
    accepted.write(pattern(10));
    await near.untilReceived(10);
    await again.close();
  });
}
