/**
 * Whole nodes on real disks in one process, and what passes between them counted. They know each other from the beginning, so
 * that who has lost its disk comes back as who it was; or they found a cluster as those of `kvorum serve` do.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import { encodeCell } from "../../src/causality/cell-codec.ts";
import { foundTopologyOf } from "../../src/membership/topology-change.ts";
import type { FixedCluster } from "../../src/node/cluster/cluster-begin.ts";
import { openNode, type StorageNode } from "../../src/node/node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "../../src/node/settings.ts";
import { createNodejsRuntime } from "../../src/runtime/nodejs/nodejs-runtime.ts";
import { freePort } from "../peers/free-port.ts";
import { Wire } from "./wire.ts";

const HOST = "127.0.0.1";
const ACTOR = 0x7e57n;
const VALUE_BYTES = 16;
/** Of a row, at most. */
const VERSIONS = 16;
/** Rows at a time, between which others come to work. */
const FILLED_AT_ONCE = 500;

interface Place {
  readonly port: number;
  /** A new one if its disk is lost. */
  directory: string;
  node: StorageNode | undefined;
}

export class Town {
  readonly wire = new Wire();
  readonly #root = mkdtempSync(join(tmpdir(), "kvorum-bench-repair-"));
  readonly #places: Place[] = [];
  readonly #isFixed: boolean;
  #directories = 0;

  private constructor(isFixed: boolean) {
    this.#isFixed = isFixed;
  }

  /** Resolves when all are connected. */
  static async open(nodeCount: number, { isFixed }: { readonly isFixed: boolean }): Promise<Town> {
    const town = new Town(isFixed);
    for (let i = 0; i < nodeCount; i++) await town.#addPlace();
    await Promise.all(town.#places.map((_, i) => town.start(i)));
    await until(() => town.nodes.every((node) => town.#seesAll(node)));
    return town;
  }

  get nodes(): readonly StorageNode[] {
    return this.#places.flatMap(({ node }) => node ?? []);
  }

  node(i: number): StorageNode {
    return this.#places[i]!.node!;
  }

  /** Resolves when it takes part. */
  async start(i: number, replaces = ""): Promise<StorageNode> {
    const place = this.#places[i]!;
    const runtime = this.wire.under(createNodejsRuntime());
    const fixed = this.#fixedFor(i);
    const settings = this.#settingsOf(place, replaces);
    place.node = await openNode(runtime, settings, silentLogger, fixed === undefined ? {} : { fixed });
    return place.node;
  }

  /** It stops, and its disk is gone. */
  async wipe(i: number): Promise<void> {
    const place = this.#places[i]!;
    await place.node?.close();
    place.node = undefined;
    rmSync(place.directory, { recursive: true });
    place.directory = this.#newDirectory();
  }

  /** A place for one more. */
  async addPlace(): Promise<number> {
    await this.#addPlace();
    return this.#places.length - 1;
  }

  /** Brings the rows `from` <= number < `to`, in this version, to the nodes' stores, as other nodes' writes. */
  async fill(
    nodes: readonly StorageNode[],
    { from = 0, to, version = 1 }: { from?: number; to: number; version?: number },
  ): Promise<void> {
    for (let number = from; number < to; number++) {
      const [key, cell] = [keyOf(number), cellOf(number, version)];
      for (const { replica } of nodes) await replica.received.merge({ database: 0, key }, cell, Date.now());
      if (number % FILLED_AT_ONCE > 0) continue;
      for (const { engine } of nodes) await engine.durable();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { engine } of nodes) await engine.durable();
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    rmSync(this.#root, { recursive: true });
  }

  #seesAll({ cluster }: StorageNode): boolean {
    const members = cluster!.members();
    return members.length === this.#places.length && members.every(({ isUp }) => isUp);
  }

  async #addPlace(): Promise<void> {
    this.#places.push({ port: await freePort(), directory: this.#newDirectory(), node: undefined });
  }

  #newDirectory(): string {
    return join(this.#root, `${this.#directories++}`);
  }

  #settingsOf({ port, directory }: Place, replaces: string): NodeSettings {
    const others = this.#places
      .filter((other) => other.port !== port)
      .map((other) => `${HOST}:${other.port}`);
    const machine = `machine ${port}`;
    const own = { dataDirectory: directory, replaces, machine };
    return { ...DEFAULT_SETTINGS, ...own, ...(!this.#isFixed && { peerPort: port, join: others.join(",") }) };
  }

  #fixedFor(i: number): FixedCluster | undefined {
    if (!this.#isFixed) return undefined;
    const founders = this.#places.map((_, other) => {
      return { id: idOf(other), datacenter: "dc1", rack: "r", machine: idOf(other), weight: 1 };
    });
    const founded = foundTopologyOf("bench", founders);
    if (founded.kind === "refused") throw new Error(founded.reason);
    const addresses = new Map(this.#places.map(({ port }, other) => [idOf(other), { host: HOST, port }]));
    return { id: idOf(i), topology: founded.topology, addresses, secret: new Uint8Array(32) };
  }
}

export function rowCountOf(node: StorageNode): number {
  return node.counts(0).rows;
}

/** What a row is made of. */
export function rowBytesOf(number: number): number {
  return keyOf(number).length + cellOf(number, 1).length;
}

/** Looks often. */
export async function until(isSo: () => boolean, everyMs = 20): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, everyMs));
}

export function keyOf(number: number): Uint8Array {
  return Buffer.from(`key:${number.toString(16).padStart(8, "0")}`);
}

function cellOf(number: number, version: number): Uint8Array {
  const dot = { actor: ACTOR, counter: VERSIONS * number + version };
  const hlc = { wallMs: 1_700_000_000_000 + version, logical: 0 };
  const payload = Buffer.alloc(VALUE_BYTES, `${version} ${number} `);
  return encodeCell({
    context: [dot],
    absorbed: [],
    siblings: [{ kind: "value", dot, hlc, expiresAtMs: 0, payload }],
  });
}

function idOf(i: number): string {
  return String.fromCharCode(0x61 + i).repeat(16);
}
