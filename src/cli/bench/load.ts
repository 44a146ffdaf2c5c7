/**
 * One load from its beginning to its end, over all its clients: as much of it as one thread has of it.
 *
 *   closed   every client has up to `pipeline` operations under way, and asks for the next when all are answered
 *   open     operations are due at a fixed rate, whatever comes back, and their latency counts from when they were due
 *
 *   |-- warm-up: not counted --|-- measured: so many requests, or so long --|-- the last replies --|
 */
import { StoreError } from "../../base/errors.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { NodeAddress } from "../node-call.ts";
import type { CrewMemory } from "./crew-memory.ts";
import { LatencyMeter } from "./latency-meter.ts";
import { LoadClient, type SharedLoad } from "./load-client.ts";
import type { OperationSource } from "./operation-source.ts";
import type { RequestSizes } from "./request-batch.ts";
import type { RequestBudget } from "./request-budget.ts";

const TICK_MS = 100;
/** A load in which nothing is answered for so long is over. */
const SILENCE_MS_MAX = 20_000;
/** Of an open loop, per client: beyond it operations wait, and their wait counts. */
const PENDING_MAX = 4_096;
/** Threads wait for each other before they begin: they look so often. */
const MEETING_MS = 2;

/** Of all threads together. */
export interface LoadPlan {
  readonly nodes: readonly NodeAddress[];
  readonly password: string | undefined;
  readonly clients: number;
  /** Of a closed loop. */
  readonly pipeline: number;
  /** Operations per second; undefined for a closed loop. */
  readonly rate: number | undefined;
  /** Whichever is there ends the load. */
  readonly requests: number | undefined;
  readonly durationMs: number | undefined;
  readonly warmUpMs: number;
  readonly sizes: RequestSizes;
}

export interface LoadResult {
  readonly meter: LatencyMeter;
  readonly elapsedMs: number;
  readonly errors: number;
  readonly firstError: string;
  readonly misses: number;
  /** Requests whose connection broke. */
  readonly lost: number;
}

/** Which thread of how many this is. */
export interface ThreadOfLoad {
  readonly crew: CrewMemory;
  /** From 0. */
  readonly thread: number;
  readonly threadCount: number;
}

export type LoadRuntime = Pick<Runtime, "clock" | "network">;

/** Resolves when the last reply is there. Rejects with StoreError IO: nobody is there, or nobody answers any more. */
export async function runLoad(
  runtime: LoadRuntime,
  plan: LoadPlan,
  source: OperationSource,
  thread: ThreadOfLoad,
): Promise<LoadResult> {
  return new Load(runtime, plan, source, thread).run();
}

class Load implements SharedLoad {
  readonly clock: Runtime["clock"];
  readonly network: Runtime["network"];
  readonly nodes: readonly NodeAddress[];
  readonly password: string | undefined;
  readonly source: OperationSource;
  readonly sizes: RequestSizes;
  readonly meter = new LatencyMeter();
  readonly #plan: LoadPlan;
  readonly #clients: readonly LoadClient[];
  #startMs = 0;
  #isWarmingUp: boolean;
  /** Undefined if only time ends it. */
  readonly #budget: RequestBudget | undefined;
  readonly #thread: ThreadOfLoad;
  #lost = 0;
  #lastReplyMs = 0;
  #errorsBefore = 0;
  #missesBefore = 0;
  #nextDueMs = 0;
  #nextClient = 0;
  #isOver = false;
  #resolve: () => void = () => undefined;
  #reject: (cause: Error) => void = () => undefined;
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(
    { clock, network }: LoadRuntime,
    plan: LoadPlan,
    source: OperationSource,
    thread: ThreadOfLoad,
  ) {
    this.clock = clock;
    this.network = network;
    this.nodes = plan.nodes;
    this.password = plan.password;
    this.source = source;
    this.sizes = plan.sizes;
    this.#plan = plan;
    this.#isWarmingUp = plan.warmUpMs > 0;
    this.#thread = thread;
    this.#budget = plan.requests === undefined ? undefined : thread.crew.budget(plan.requests);
    const places = Array.from({ length: plan.clients }, (_, place) => place);
    this.#clients = places
      .filter((place) => place % thread.threadCount === thread.thread)
      .map((place) => new LoadClient(this, place));
  }

  async run(): Promise<LoadResult> {
    const { crew } = this.#thread;
    let cancel = (): void => undefined;
    try {
      await Promise.all(this.#clients.map((client) => client.connect()));
      await this.#meet();
      this.#startMs = this.#lastReplyMs = this.#nextDueMs = this.clock.monotonicMs();
      cancel = this.clock.every(TICK_MS, () => this.#tick());
      if (this.#plan.rate === undefined)
        for (const client of this.#clients) this.onReady(client, this.#startMs);
      else this.#pump();
      await this.#ended;
      return this.#result();
    } catch (cause) {
      crew.giveUp();
      throw cause;
    } finally {
      cancel();
      this.#isOver = true;
      for (const client of this.#clients) client.close();
    }
  }

  async #meet(): Promise<void> {
    const { crew } = this.#thread;
    crew.noteConnected();
    while (!crew.areAllConnected) {
      if (crew.isGivenUp) throw othersGaveUp();
      await this.clock.sleep(MEETING_MS);
    }
  }

  onReady(client: LoadClient, nowMs: number): void {
    this.#lastReplyMs = nowMs;
    if (this.#isOver) return;
    if (this.#plan.rate !== undefined) {
      client.askWrites();
      client.flush();
    } else if (client.pendingCount === 0) {
      const { pipeline } = this.#plan;
      const fresh = pipeline - client.waitingWrites;
      client.askWrites();
      for (let i = 0; i < fresh && this.#mayBegin(nowMs); i++) client.ask(nowMs);
      client.flush();
    }
    if (client.pendingCount === 0) this.#endIfOver(nowMs);
  }

  onLost(requests: number): void {
    this.#lost += requests;
    this.#endIfOver(this.clock.monotonicMs());
  }

  onStranger(): void {
    this.#fail("what answers there does not speak Redis's protocol");
  }

  #mayBegin(nowMs: number): boolean {
    if (this.#isWarmingUp) {
      if (nowMs - this.#startMs < this.#plan.warmUpMs) return true;
      this.#endWarmUp(nowMs);
    }
    return this.#hasTime(nowMs) && (this.#budget === undefined || this.#budget.take());
  }

  #hasMore(nowMs: number): boolean {
    return this.#isWarmingUp || (this.#hasTime(nowMs) && this.#budget?.isSpent !== true);
  }

  #hasTime(nowMs: number): boolean {
    const { durationMs } = this.#plan;
    return durationMs === undefined || nowMs - this.#startMs < durationMs;
  }

  #endWarmUp(nowMs: number): void {
    this.#isWarmingUp = false;
    this.#startMs = nowMs;
    this.meter.reset();
    this.#lost = 0;
    this.#errorsBefore = this.#sum((client) => client.scanner.errors);
    this.#missesBefore = this.#sum((client) => client.scanner.misses);
  }

  #endIfOver(nowMs: number): void {
    if (this.#isOver || this.#hasMore(nowMs)) return;
    if (this.#clients.some((client) => client.pendingCount + client.waitingWrites > 0)) return;
    this.#isOver = true;
    this.#resolve();
  }

  /** Of an open loop: sends what is due, each to the next client, again and again. It takes a processor: a timer is too coarse. */
  #pump(): void {
    if (this.#isOver) return;
    const nowMs = this.clock.monotonicMs();
    const stepMs = (1_000 * this.#thread.threadCount) / this.#plan.rate!;
    let asked = 0;
    while (this.#nextDueMs <= nowMs) {
      const client = this.#freeClient();
      if (client === undefined || !this.#mayBegin(this.#nextDueMs)) break;
      client.ask(this.#nextDueMs);
      this.#nextDueMs += stepMs;
      asked++;
    }
    if (asked > 0) for (const client of this.#clients) client.flush();
    else this.#endIfOver(nowMs);
    this.clock.defer(() => this.#pump());
  }

  #freeClient(): LoadClient | undefined {
    for (let tried = 0; tried < this.#clients.length; tried++) {
      const client = this.#clients[this.#nextClient]!;
      this.#nextClient = (this.#nextClient + 1) % this.#clients.length;
      if (client.isConnected && client.pendingCount < PENDING_MAX) return client;
    }
    return undefined;
  }

  #tick(): void {
    const { crew, thread } = this.#thread;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.#lastReplyMs > SILENCE_MS_MAX)
      this.#fail(`no reply for ${SILENCE_MS_MAX / 1_000} seconds`);
    if (crew.isGivenUp) this.#failAs(othersGaveUp());
    crew.note(thread, {
      isWarmingUp: this.#isWarmingUp,
      count: this.meter.count,
      elapsedMs: nowMs - this.#startMs,
    });
  }

  #fail(reason: string): void {
    this.#failAs(new StoreError("IO", "unknown", reason));
  }

  #failAs(cause: StoreError): void {
    this.#isOver = true;
    this.#reject(cause);
  }

  #result(): LoadResult {
    return {
      meter: this.meter,
      elapsedMs: this.#lastReplyMs - this.#startMs,
      errors: this.#sum((client) => client.scanner.errors) - this.#errorsBefore,
      firstError: this.#clients.find((client) => client.scanner.firstError !== "")?.scanner.firstError ?? "",
      misses: this.#sum((client) => client.scanner.misses) - this.#missesBefore,
      lost: this.#lost,
    };
  }

  #sum(count: (client: LoadClient) => number): number {
    return this.#clients.reduce((sum, client) => sum + count(client), 0);
  }
}

function othersGaveUp(): StoreError {
  return new StoreError("IO", "unknown", "another thread has given up");
}
