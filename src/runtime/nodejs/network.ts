/**
 * TCP by node:net. All connections of one Network read into one shared buffer: a read is delivered before the
 * next one happens, so one is enough, and nothing is allocated per read.
 */
import { createServer, connect as netConnect, type OnReadOpts, type Server, type Socket } from "node:net";
import { ioError } from "../io-error.ts";
import type { Connection, ConnectOptions, Listener, ListenOptions, Network } from "../runtime.ts";
import { restAfterFailures } from "./accept-rest.ts";
import { adoptSocket } from "./adopted-socket.ts";
import { SocketConnection } from "./socket-connection.ts";

const READ_BYTES = 64 * 1024;

/** As Redis: a peer that vanished without a word is noticed some minutes later. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 300_000 };

export interface NodejsNetworkOptions {
  /** False makes every read allocate its buffer, as on a Node.js where sharing one is impossible. */
  readonly sharedReads?: boolean;
  /** False makes every write go through Node.js's stream layer, as where nothing else is possible. */
  readonly nativeWrites?: boolean;
}

export function createNodejsNetwork(options: NodejsNetworkOptions = {}): Network {
  const { sharedReads = true, nativeWrites = true } = options;
  return new NodejsNetwork(sharedReads ? new Uint8Array(READ_BYTES) : undefined, nativeWrites);
}

class NodejsNetwork implements Network {
  readonly #sharedBytes: Uint8Array | undefined;
  readonly #nativeWrites: boolean;

  constructor(sharedBytes: Uint8Array | undefined, nativeWrites: boolean) {
    this.#sharedBytes = sharedBytes;
    this.#nativeWrites = nativeWrites;
  }

  async listen(options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true, ...KEEP_ALIVE });
    server.on("connection", (socket) => accept(this.#accepted(socket)));
    await listening(server, options);
    return listenerOf(server, options);
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const reader = new Reader(this.#nativeWrites);
    const onread = this.#onreadOf(reader);
    const { host, port } = options;
    const socket = netConnect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      ...KEEP_ALIVE,
      ...(onread && { onread }),
    });
    socket.pause();
    if (onread === undefined) socket.on("data", reader.onChunk).pause();
    return connected(socket, reader, options);
  }

  #accepted(accepted: Socket): Connection {
    const reader = new Reader(this.#nativeWrites);
    const onread = this.#onreadOf(reader);
    const adopted = onread && adoptSocket(accepted, onread);
    if (adopted !== undefined) return reader.attach(adopted);
    return reader.attach(accepted.on("data", reader.onChunk).pause());
  }

  #onreadOf(reader: Reader): OnReadOpts | undefined {
    return this.#sharedBytes && { buffer: this.#sharedBytes, callback: reader.onRead };
  }
}

/** Joins a socket, whose reader must be known when it is made, to the connection made from the socket. */
class Reader {
  readonly #nativeWrites: boolean;
  #connection: SocketConnection | undefined;

  constructor(nativeWrites: boolean) {
    this.#nativeWrites = nativeWrites;
  }

  attach(socket: Socket): Connection {
    this.#connection = new SocketConnection(socket, this.#nativeWrites);
    return this.#connection;
  }

  readonly onRead = (length: number, bytes: Uint8Array): boolean => {
    this.#connection?.onRead(bytes, length);
    return true;
  };

  readonly onChunk = (bytes: Uint8Array): void => {
    this.#connection?.onRead(bytes, bytes.length);
  };
}

function listening(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void => {
      reject(ioError("not-applied", `cannot listen on ${host}:${port}`, cause));
    };
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function listenerOf(server: Server, { host, onAcceptFailure = ignore }: ListenOptions): Listener {
  const bound = server.address();
  const { address, port } = bound !== null && typeof bound === "object" ? bound : { address: "", port: 0 };
  const rest = restAfterFailures(server, { host, port }, onAcceptFailure);
  return {
    host: address,
    port,
    // The listening socket is closed when `close` returns; its callback would wait for every connection.
    close: async () => {
      rest.end();
    },
  };
}

function connected(socket: Socket, reader: Reader, options: ConnectOptions): Promise<Connection> {
  const { host, port, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const expire = (): void => {
      const cause = Object.assign(new Error(`no answer in ${timeoutMs} ms`), { code: "ETIMEDOUT" });
      socket.destroy(cause);
    };
    const timer = setTimeout(expire, timeoutMs);
    const onError = (cause: Error): void => {
      clearTimeout(timer);
      reject(ioError("not-applied", `cannot connect to ${host}:${port}`, cause));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      resolve(reader.attach(socket));
    });
  });
}

function ignore(): void {
  // Told elsewhere.
}
