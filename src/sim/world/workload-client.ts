/**
 * One client: asks one thing after another at one node, as long as that answers; then elsewhere. What it has not
 * heard of in time it counts as unknown, and never asks for the same again: a new write has a new value.
 */
import { StoreError } from "../../base/errors.ts";
import type { Network } from "../../runtime/runtime.ts";
import { innerCommand } from "../history/asked-levels.ts";
import type { Operation, Outcome } from "../history/history.ts";
import type { Recorder } from "../history/recorder.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimRandom } from "../sim-random.ts";
import { DoorClient } from "./door-client.ts";
import type { Request, RequestMaker } from "./request-maker.ts";

export interface ClientSettings {
  /** Between an answer and the next request, on average. */
  readonly thinkMs: number;
  readonly patienceMs: number;
  /** Sent once on each connection: KV.CONSISTENCY, for one. */
  readonly greeting: readonly string[] | undefined;
}

export interface ClientParts {
  readonly index: number;
  readonly nodes: readonly string[];
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly random: SimRandom;
  readonly requests: RequestMaker;
  readonly recorder: Recorder;
  readonly settings: ClientSettings;
}

const CONNECT_MS = 500;
const PAUSE_MS = 100;
/** Though nothing is wrong: all nodes shall be asked by all clients. */
const WANDERS_ONE_IN = 50;

export class WorkloadClient {
  readonly #parts: ClientParts;
  #door: DoorClient | undefined;
  #isOver = false;
  #isIdle = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#later(this.#thinkMs());
  }

  /** True once it asks nothing any more, and waits for no answer. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Asks nothing new from now on. */
  stop(): void {
    this.#isOver = true;
  }

  #later(ms: number): void {
    this.#parts.scheduler.after(ms, () => this.#goOn());
  }

  #goOn(): void {
    if (this.#isOver) {
      this.#isIdle = true;
      this.#door?.close();
      return;
    }
    const { random, requests } = this.#parts;
    const door = this.#door;
    if (door === undefined || !door.isOpen || random.oneIn(WANDERS_ONE_IN)) void this.#moveOn();
    else this.#ask(door, requests.next());
  }

  async #moveOn(): Promise<void> {
    const { nodes, network, random, settings } = this.#parts;
    this.#door?.close();
    this.#door = undefined;
    try {
      const door = await DoorClient.connect(network, nodes[random.below(nodes.length)]!, CONNECT_MS);
      if (settings.greeting !== undefined) door.request(settings.greeting, () => undefined);
      this.#door = door;
      this.#later(0);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#later(PAUSE_MS);
    }
  }

  #ask(door: DoorClient, request: Request): void {
    const { index, scheduler, recorder, settings } = this.#parts;
    const operations = recorder.begin({ client: index, node: door.name, ...request }, scheduler.nowMs);
    const cancel = scheduler.after(settings.patienceMs, () => door.close());
    door.request(request.command, (outcome) => {
      cancel();
      recorder.end(operations, outcome, scheduler.nowMs);
      this.#learn(request, operations[0]!, outcome);
      this.#later(this.#thinkMs());
    });
  }

  #learn({ keys, family }: Request, operation: Operation, outcome: Outcome): void {
    if (family !== "versioned" || outcome.kind !== "reply") return;
    const [name] = innerCommand(operation);
    const { reply } = outcome;
    const context =
      name === "KV.GET" && Array.isArray(reply) ? reply[0] : name === "KV.PUT" ? reply : undefined;
    if (typeof context === "string") this.#parts.requests.noteContext(keys[0]!, context);
  }

  #thinkMs(): number {
    const { random, settings } = this.#parts;
    return random.between(0, 2 * settings.thinkMs);
  }
}
