/** A cluster of real `kvorum serve`, which can be killed, stopped, halted, and started again where it was or elsewhere. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../bench/peers/free-port.ts";
import type { ClusterStatus } from "../../../src/server/commands/kv-status.ts";
import { RawClient } from "../raw-client.ts";
import { RunningKvorum } from "../running-kvorum.ts";
import { until } from "./until.ts";

export interface ClusterOptions {
  /** More of `kvorum serve`, for every node. */
  readonly options?: readonly string[];
  /** And for each, by its number. */
  readonly optionsOf?: readonly (readonly string[])[];
  /** Puts something in front of a node's peer port; resolves to the port at which the others are to reach it. */
  readonly frontOf?: (index: number, peerPort: number) => Promise<number>;
}

export class RealNode {
  readonly name: string;
  readonly dataDirectory: string;
  readonly #options: readonly string[];
  readonly #frontPort: number | undefined;
  #port: number;
  #peerPort: number;
  #running: RunningKvorum | undefined;
  /** The member whose place it takes, as its command line says from then on. */
  #replaced: string | undefined;

  constructor(
    place: { name: string; directory: string; port: number; peerPort: number; frontPort?: number },
    options: readonly string[],
  ) {
    this.name = place.name;
    this.dataDirectory = join(place.directory, place.name);
    this.#port = place.port;
    this.#peerPort = place.peerPort;
    this.#frontPort = place.frontPort;
    this.#options = options;
  }

  /** For clients. */
  get port(): number {
    return this.#port;
  }

  /** Of the admin door. Requires: it runs. */
  get adminPort(): number {
    return Number(/"port":(\d+),"msg":"the admin door is open"/.exec(this.log)?.[1]);
  }

  get peerAddress(): string {
    return `127.0.0.1:${this.#frontPort ?? this.#peerPort}`;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get log(): string {
    return this.#running?.errors ?? "";
  }

  /** Resolves when it accepts connections. `others`: peer addresses. */
  async start(others: readonly string[]): Promise<void> {
    const own = ["--port", `${this.#port}`, "--data", this.dataDirectory, "--machine", this.name];
    const peers = ["--peer-port", `${this.#peerPort}`, "--admin-port", "0", "--join", others.join(",")];
    const announced = this.#frontPort === undefined ? [] : ["--peer-announce", this.peerAddress];
    const replacing = this.#replaced === undefined ? [] : ["--replace", this.#replaced];
    this.#running = new RunningKvorum([
      "serve",
      ...own,
      ...peers,
      ...announced,
      ...replacing,
      ...this.#options,
    ]);
    await this.#running.ready();
  }

  /** The next start is at other ports. Requires: it does not run. */
  async move(): Promise<void> {
    this.#port = await freePort();
    this.#peerPort = await freePort();
  }

  /** Ends it at once. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Ends it at once and takes its directory away. The next start is in the place of the member that it was, if that is given. */
  async wipe(replaced?: string): Promise<void> {
    await this.kill();
    rmSync(this.dataDirectory, { recursive: true, force: true });
    this.#replaced = replaced;
  }

  /** Ends it in good order. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  halt(): void {
    this.#running?.signal("SIGSTOP");
  }

  goOn(): void {
    this.#running?.signal("SIGCONT");
  }

  /** False once the process has ended, whoever wanted it. */
  get isAlive(): boolean {
    return this.#running !== undefined && !this.#running.hasEnded;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.isAlive ? this.#running?.pid : undefined;
  }

  async status(): Promise<ClusterStatus> {
    const client = await RawClient.connect(this.#port);
    try {
      const reply = (await client.call("KV.STATUS")).toString();
      return JSON.parse(reply.slice(reply.indexOf("\r\n") + 2)) as ClusterStatus;
    } finally {
      client.close();
    }
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.signal(signal);
    if (signal === "SIGKILL") running.signal("SIGCONT");
    await running.end();
    this.#running = undefined;
  }
}

export class RealCluster {
  readonly #nodes: RealNode[];
  readonly #directory: string;
  readonly #options: readonly string[];
  #named: number;

  /** Resolves when every node sees all others up. */
  static async start(
    count: number,
    { options = [], optionsOf = [], frontOf }: ClusterOptions = {},
  ): Promise<RealCluster> {
    const directory = mkdtempSync(join(tmpdir(), "kvorum-cluster-"));
    const nodes: RealNode[] = [];
    for (let i = 0; i < count; i++) {
      const ports = { port: await freePort(), peerPort: await freePort() };
      const front = frontOf === undefined ? {} : { frontPort: await frontOf(i, ports.peerPort) };
      const place = { name: `node-${i + 1}`, directory, ...ports, ...front };
      nodes.push(new RealNode(place, [...options, ...(optionsOf[i] ?? [])]));
    }
    const cluster = new RealCluster(nodes, directory, options);
    try {
      await Promise.all(nodes.map((node) => cluster.start(node)));
      await cluster.whole();
    } catch (cause) {
      const logs = nodes.map((node) => `${node.name}:\n${node.log}`).join("\n");
      await cluster.close();
      throw new Error(`no cluster:\n${logs}`, { cause });
    }
    return cluster;
  }

  private constructor(nodes: RealNode[], directory: string, options: readonly string[]) {
    this.#nodes = nodes;
    this.#named = nodes.length;
    this.#directory = directory;
    this.#options = options;
  }

  get nodes(): readonly RealNode[] {
    return this.#nodes;
  }

  /** One more node, which asks to join. Resolves when it accepts connections. */
  async add(options: readonly string[] = []): Promise<RealNode> {
    const name = `node-${++this.#named}`;
    const place = { name, directory: this.#directory, port: await freePort(), peerPort: await freePort() };
    const node = new RealNode(place, [...this.#options, ...options]);
    this.#nodes.push(node);
    await this.start(node);
    return node;
  }

  /** It has left, and counts no more. */
  async part(node: RealNode): Promise<void> {
    await node.kill();
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
  }

  start(node: RealNode): Promise<void> {
    return node.start(this.nodes.filter((other) => other !== node).map(({ peerAddress }) => peerAddress));
  }

  /** Resolves when every one of these nodes sees them up, where they are, and nobody else. */
  async whole(nodes: readonly RealNode[] = this.nodes): Promise<void> {
    const ports = nodes.map(({ port }) => port).sort();
    for (const node of nodes) {
      await until(`${node.name} sees all up`, async () => {
        const { members } = await node.status();
        const seen = members.filter(({ up }) => up).map(({ port }) => port);
        return JSON.stringify(seen.sort()) === JSON.stringify(ports);
      });
    }
  }

  /** Resolves when no node keeps a write for another. */
  async withoutHints(): Promise<void> {
    for (const node of this.nodes) {
      await until(`${node.name} keeps no hints`, async () => {
        const { members } = await node.status();
        return members.every(({ hintsPending }) => hintsPending === 0);
      });
    }
  }

  /** Ends all that run, at one moment. */
  async killAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  /** Kills all that run. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    await this.killAll();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
