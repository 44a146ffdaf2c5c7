/** A server and its clients in a simulated world, with an engine as slow as wanted: one seed, one history. */
import { silentLogger } from "../../src/base/logger.ts";
import { openMemoryNode, type StorageNode } from "../../src/node/node.ts";
import { DEFAULT_SETTINGS } from "../../src/node/settings.ts";
import { LocalReplica } from "../../src/replication/local-replica.ts";
import { NewLife, Stamper } from "../../src/replication/stamper.ts";
import { type PlainReply, plainReply } from "../../src/resp/plain-reply.ts";
import { ReplyDecoder } from "../../src/resp/reply-decoder.ts";
import type { Connection, Runtime } from "../../src/runtime/runtime.ts";
import { createCommandTable } from "../../src/server/commands.ts";
import { Server } from "../../src/server/server.ts";
import { SimWorld } from "../../src/sim/sim-runtime.ts";
import { AsyncEngine } from "./async-engine.ts";
import { type Call, encodeCall } from "./raw-client.ts";

const HOST = "server";
const PORT = 6379;

export class SimServer {
  readonly world: SimWorld;
  readonly node: StorageNode;
  readonly server: Server;

  /** Of ten calls of the engine, `slowInTen` are answered later; it is the memory engine itself if that is "in place". */
  constructor(seed: string, slowInTen: number | "in place") {
    this.world = new SimWorld(`${seed} ${slowInTen}`);
    const runtime = this.world.runtime(HOST);
    const settings = { ...DEFAULT_SETTINGS, storage: "memory", port: PORT } as const;
    const node = openMemoryNode(runtime, settings, silentLogger);
    this.node = slowInTen === "in place" ? node : slowNode(node, runtime, slowInTen);
    const commands = createCommandTable();
    this.server = new Server({ runtime, node: this.node, settings, logger: silentLogger, commands });
  }

  async listen(): Promise<this> {
    await this.world.runUntil(this.server.listen());
    return this;
  }

  async client(): Promise<SimClient> {
    const [client] = await this.clients(1);
    return client!;
  }

  async clients(count: number): Promise<SimClient[]> {
    const { network } = this.world.runtime("clients");
    const connecting = Array.from({ length: count }, () =>
      network.connect({ host: HOST, port: PORT, timeoutMs: 1_000 }),
    );
    const connections = await this.settle(Promise.all(connecting));
    return connections.map((connection) => new SimClient(connection));
  }

  limitOutput(bytesMax: number): void {
    this.server.settings.outputBufferBytesMax = bytesMax;
    this.server.applySettings();
  }

  /** Lets the world go on until the answer is there. */
  settle<T>(answer: Promise<T>): Promise<T> {
    return this.world.runUntil(answer);
  }
}

function slowNode(node: StorageNode, { clock, random }: Runtime, slowInTen: number): StorageNode {
  const engine = new AsyncEngine(node.engine, { clock, random, slowInTen });
  const limits = { siblingsMax: 100, hashSeed: node.hashSeed };
  const replica = new LocalReplica(engine, new Stamper(new NewLife(random)), node.databases, limits);
  return Object.defineProperty(node, "replica", { value: replica });
}

export class SimClient {
  readonly #connection: Connection;
  readonly #decoder = new ReplyDecoder();
  readonly #waiting: ((reply: PlainReply) => void)[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.start({
      onBytes: (bytes, length) => this.#onBytes(bytes, length),
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClose: () => undefined,
    });
  }

  call(...call: Call): Promise<PlainReply> {
    return this.send([call])[0]!;
  }

  /** Sends the calls at once; each promise is of one reply. */
  send(calls: readonly Call[]): Promise<PlainReply>[] {
    this.#connection.write(Buffer.concat(calls.map(encodeCall)));
    return calls.map(() => new Promise((resolve) => this.#waiting.push(resolve)));
  }

  #onBytes(bytes: Uint8Array, length: number): void {
    this.#decoder.feed(bytes, length);
    while (this.#decoder.next()) this.#waiting.shift()!(plainReply(this.#decoder.reply));
    this.#decoder.park();
  }
}
