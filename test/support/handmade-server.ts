/** A server with connections made by hand: what arrives, and what their readers take, is for the test to say. */
import { expect } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { openNode } from "../../src/node/node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "../../src/node/settings.ts";
import type { Connection, ConnectionEvents, ListenOptions, Runtime } from "../../src/runtime/runtime.ts";
import { createCommandTable } from "../../src/server/commands.ts";
import { Server } from "../../src/server/server.ts";
import { SimWorld } from "../../src/sim/sim-runtime.ts";

const MIB = 1024 * 1024;

export class HandmadeServer {
  readonly world = new SimWorld("server");
  /** Errors. */
  readonly logged: string[] = [];
  /** How much later it is whenever somebody looks at the clock. */
  tickMs = 0;
  server!: Server;
  #accept!: (connection: Connection) => void;
  #onAcceptFailure: ((cause: Error) => void) | undefined;

  static async start(settings: Partial<NodeSettings> = {}): Promise<HandmadeServer> {
    const handmade = new HandmadeServer();
    const runtime = handmade.#runtime();
    const complete: NodeSettings = { ...DEFAULT_SETTINGS, storage: "memory", ...settings };
    const node = await openNode(runtime, complete, silentLogger);
    const commands = createCommandTable();
    const logger = {
      ...silentLogger,
      error: (_fields: unknown, text: string) => void handmade.logged.push(text),
    };
    handmade.server = new Server({ runtime, node, settings: complete, logger, commands });
    await handmade.server.listen();
    return handmade;
  }

  connect(): HandmadeConnection {
    const connection = new HandmadeConnection(this.server);
    this.#accept(connection);
    return connection;
  }

  failAccept(): void {
    this.#onAcceptFailure?.(new Error("ENOBUFS"));
  }

  storeValue(sizeBytes: number): void {
    const client = this.connect();
    const last = `${sizeBytes - 1}`;
    client.say(`*4\r\n$8\r\nSETRANGE\r\n$5\r\nvalue\r\n$${last.length}\r\n${last}\r\n$1\r\nx\r\n`);
    expect(client.written).toBe(`:${sizeBytes}\r\n`);
    client.vanish();
  }

  #runtime(): Runtime {
    const base = this.world.runtime("a");
    const { clock } = base;
    let ticks = 0;
    return {
      ...base,
      clock: {
        monotonicMs: () => {
          ticks += this.tickMs;
          return clock.monotonicMs() + ticks;
        },
        turnMs: () => clock.turnMs() + ticks,
        wallMs: () => clock.wallMs(),
        sleep: (delayMs: number, signal?: AbortSignal) => clock.sleep(delayMs, signal),
        every: (intervalMs: number, tick: () => void) => clock.every(intervalMs, tick),
        defer: (task: () => void) => clock.defer(task),
      },
      network: {
        listen: async (options: ListenOptions, onConnection: (connection: Connection) => void) => {
          this.#accept = onConnection;
          this.#onAcceptFailure = options.onAcceptFailure;
          return { host: "127.0.0.1", port: 6379, close: async () => undefined };
        },
        connect: () => Promise.reject(new Error("nobody calls")),
      },
    };
  }
}

/** Takes everything written to it, unless it `isStuck`: then nothing, until `drain`. Closed only by `vanish`. */
export class HandmadeConnection implements Connection {
  readonly peer = "127.0.0.1:50000";
  readonly local = "127.0.0.1:6379";
  unsentBytes = 0;
  isStuck = false;
  isDestroyed = false;
  hasEnded = false;
  isPaused = false;
  written = "";
  readonly #server: Server;
  #events!: ConnectionEvents;

  constructor(server: Server) {
    this.#server = server;
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
  }

  /** Each text arrives by itself, and all in one turn. */
  say(...texts: string[]): void {
    this.#arrive(texts);
    this.#server.outbox.flush(); // the turn is over
  }

  /** As `say`; nothing will follow. */
  sayLast(...texts: string[]): void {
    this.#arrive(texts);
    this.#events.onEnd();
    this.#server.outbox.flush();
  }

  drain(): void {
    this.unsentBytes = 0;
    this.#events.onDrain();
  }

  vanish(): void {
    this.#events.onClose(undefined);
  }

  write(bytes: Uint8Array): boolean {
    if (this.isDestroyed) return true;
    this.written += Buffer.from(bytes).toString("latin1");
    if (this.isStuck) this.unsentBytes += bytes.length;
    return !this.isStuck;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.hasEnded = true;
    if (!this.isStuck) this.isDestroyed = true;
  }

  #arrive(texts: readonly string[]): void {
    for (const text of texts) {
      const bytes = Buffer.from(text, "latin1");
      this.#events.onBytes(bytes, bytes.length);
    }
  }
}

/** The beginning of a SET that lacks at least one byte of its value. */
export function partOfRequest(valueBytes: number): string {
  return `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${64 * MIB}\r\n${"v".repeat(valueBytes)}`;
}
