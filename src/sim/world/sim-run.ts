/**
 * One run: a cluster founds itself, clients work on it, a nemesis troubles it, all is healed, and what is left is looked
 * at. Everything follows from the plan, whose seed is part of it.
 *
 *   | founding | warm up | faults ........ | healing | answers awaited | bound | reads | look |
 */
import type { Aftermath, History, Reply, Violation } from "../history/history.ts";
import { promisesOnceJoined } from "../history/promises.ts";
import { Recorder } from "../history/recorder.ts";
import { DoorClient } from "./door-client.ts";
import { EventLog } from "./event-log.ts";
import type { FaultKind } from "./fault-kinds.ts";
import { KeyChooser } from "./key-chooser.ts";
import { CACHED } from "./keyspace-draws.ts";
import { Nemesis } from "./nemesis.ts";
import { RequestMaker } from "./request-maker.ts";
import type { RunPlan } from "./run-plan.ts";
import { type Deed, playScript, ScriptRecorder } from "./script.ts";
import { SimCluster, type SimClusterOptions } from "./sim-cluster.ts";
import { Survey } from "./survey.ts";
import { WorkloadClient } from "./workload-client.ts";

export type Checker = (history: History, aftermath: Aftermath) => readonly Violation[];

export interface RunOptions extends Pick<SimClusterOptions, "seams" | "logger"> {
  readonly checkers: readonly Checker[];
  /** Told every line of the event log. */
  readonly onLine?: (line: string) => void;
  /** The log tells of every packet, too. */
  readonly isDetailed?: boolean;
  /** Told what befalls the cluster: known then even of a run that does not come to its end. */
  readonly onDeed?: (deed: Deed) => void;
  /** Told how far it is, in virtual time. */
  readonly onProgress?: (doneMs: number, totalMs: number) => void;
}

export interface RunResult {
  readonly seed: string;
  readonly history: History;
  readonly aftermath: Aftermath;
  readonly violations: readonly Violation[];
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** All that befell the cluster, as a script that does the same again. */
  readonly deeds: readonly Deed[];
  readonly simulatedMs: number;
  readonly eventCount: number;
  /** Equal for equal event logs. */
  readonly logSum: string;
}

const READER_PATIENCE_MS = 3_000;
const STEP_MS = 500;
const LOOK_EVERY_MS = 10_000;
/** After the last fault, until nodes that were down must be up. */
const RETURN_MS_MAX = 30_000;
const READS_MS_MAX = 30_000;
const SETTLED_MS = 3_000;
const EQUAL_LOOK_MS = 2_000;

export function runSimulation(plan: RunPlan, options: RunOptions): Promise<RunResult> {
  return new SimRun(plan, options).run();
}

class SimRun {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #log: EventLog;
  readonly #cluster: SimCluster;
  readonly #recorder: Recorder;
  readonly #survey: Survey;
  readonly #keys = new Set<string>();
  /** Operations whose keys are among them. */
  #keysSeen = 0;
  readonly #deeds: Deed[] = [];
  readonly #script: ScriptRecorder;
  #clients: readonly WorkloadClient[] = [];
  #nextLookMs = LOOK_EVERY_MS;

  constructor(plan: RunPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#log = new EventLog(options.onLine);
    this.#script = new ScriptRecorder((deed) => {
      this.#deeds.push(deed);
      options.onDeed?.(deed);
    });
    const onDeed = (words: readonly string[]): void => this.#script.note(words, this.#cluster.world.nowMs);
    const trace = options.isDetailed === true ? { trace: (line: string) => this.#log.note(line) } : {};
    this.#cluster = new SimCluster(plan.seed, plan.cluster, { ...options, ...trace, onDeed });
    if (plan.farMs > 0) this.#placeApart(plan.farMs);
    this.#recorder = new Recorder((line) => this.#log.note(line));
    this.#survey = new Survey(this.#cluster);
  }

  #placeApart(baseMs: number): void {
    const { world, plan } = this.#cluster;
    for (const { name, datacenter } of plan.nodes) world.place(name, datacenter);
    const datacenters = [...new Set(plan.nodes.map(({ datacenter }) => datacenter))];
    for (const a of datacenters)
      for (const b of datacenters) if (a < b) world.setGroupLatency(a, b, { baseMs, jitterMs: baseMs / 20 });
  }

  async run(): Promise<RunResult> {
    const { world } = this.#cluster;
    const { warmUpMs, faultsMs, promises, seed } = this.#plan;
    await this.#cluster.found();
    this.#clients = this.#startClients();
    await this.#runFor(warmUpMs);
    const nemesis = this.#unleash();
    await this.#runFor(faultsMs);
    this.#script.end();
    nemesis.stop();
    const healedAtMs = world.nowMs;
    this.#note("all faults end");
    await this.#runWhile(() => !this.#cluster.names.every((name) => this.#cluster.isUp(name)), RETURN_MS_MAX);
    for (const client of this.#clients) client.stop();
    await this.#runWhile(() => !this.#clients.every(({ isIdle }) => isIdle), 2 * this.#plan.patienceMs);
    await this.#untilEqual(healedAtMs + promises.convergesInMs);
    const kept = promisesOnceJoined(promises, this.#plan.grounds, this.#cluster.joinedCount);
    const history = { operations: this.#recorder.operations, promises: kept };
    const aftermath = await this.#look(healedAtMs);
    const violations = this.#options.checkers.flatMap((check) => check(history, aftermath));
    return {
      seed,
      history,
      aftermath,
      violations,
      faults: nemesis.counts,
      deeds: this.#deeds,
      simulatedMs: world.nowMs,
      eventCount: world.scheduler.eventCount,
      logSum: this.#log.sum,
    };
  }

  #startClients(): readonly WorkloadClient[] {
    const { clients, keysPerFamily, skew, mix, keyspaces, thinkMs, patienceMs, levels } = this.#plan;
    const { world } = this.#cluster;
    const cluster = this.#cluster;
    const keys = new KeyChooser(keysPerFamily, skew);
    const greeting = levels && ["KV.CONSISTENCY", "READ", `${levels.read}`, "WRITE", `${levels.write}`];
    return clientHosts(clients).map((host, index) => {
      const random = world.random(`client ${index}`);
      const { network } = world.runtime(host);
      return new WorkloadClient({
        index,
        get nodes() {
          return cluster.names;
        },
        network,
        scheduler: world.scheduler,
        random,
        requests: new RequestMaker(index, random, keys, mix, keyspaces ? ":" : ""),
        recorder: this.#recorder,
        settings: { thinkMs, patienceMs, greeting },
      });
    });
  }

  #unleash(): Nemesis {
    const { bounds: drawn, clients, script, faultsMs } = this.#plan;
    this.#script.begin(this.#cluster.world.nowMs);
    const bounds = script === undefined ? drawn : { ...drawn, kinds: {} };
    if (script !== undefined) playScript(this.#cluster, script, faultsMs);
    return new Nemesis({
      cluster: this.#cluster,
      random: this.#cluster.world.random("nemesis"),
      bounds,
      bystanders: clientHosts(clients),
      onFault: (what) => this.#note(what),
    });
  }

  /** Looks at copies and queues now and then. */
  async #runFor(ms: number): Promise<void> {
    const { world } = this.#cluster;
    const { warmUpMs, faultsMs, promises } = this.#plan;
    const totalMs = warmUpMs + faultsMs + promises.convergesInMs;
    const endMs = world.nowMs + ms;
    while (world.nowMs < endMs) {
      await world.runFor(Math.min(STEP_MS, endMs - world.nowMs));
      this.#survey.noteQueues();
      this.#options.onProgress?.(Math.min(world.nowMs, totalMs), totalMs);
      if (world.nowMs < this.#nextLookMs) continue;
      this.#nextLookMs = world.nowMs + LOOK_EVERY_MS;
      for (const name of this.#namesUp()) void this.#survey.copiesAt(name, this.#keysSoFar());
    }
  }

  async #runWhile(isWaiting: () => boolean, msMax: number): Promise<void> {
    const endMs = this.#cluster.world.nowMs + msMax;
    while (isWaiting() && this.#cluster.world.nowMs < endMs) await this.#runFor(STEP_MS);
  }

  /** Lets time pass until then, or until nothing is left to be done. */
  async #untilEqual(endMs: number): Promise<void> {
    const { world } = this.#cluster;
    const { endsEarly, promises } = this.#plan;
    while (world.nowMs < endMs) {
      await this.#runFor(Math.min(EQUAL_LOOK_MS, endMs - world.nowMs));
      if (endsEarly && promises.convergesUnread && (await this.#survey.isAllEqual(this.#lastingKeys())))
        return;
    }
  }

  async #look(healedAtMs: number): Promise<Aftermath> {
    const { world, names } = this.#cluster;
    const { operations } = this.#recorder;
    const keys = this.#keysSoFar();
    const { convergesUnread } = this.#plan.promises;
    const readBefore = convergesUnread ? undefined : await this.#readAll(keys);
    if (!convergesUnread) await world.runFor(SETTLED_MS);
    const up = this.#namesUp();
    const replicas = new Map<string, ReadonlyMap<string, Uint8Array>>();
    for (const name of up) replicas.set(name, await world.runUntil(this.#survey.copiesAt(name, keys)));
    const sums = [];
    for (const name of up) sums.push(...(await world.runUntil(this.#survey.sumsAt(name))));
    const takenAtMs = world.nowMs;
    const finalReads = readBefore ?? (await this.#readAll(keys));
    return {
      healedAtMs,
      takenAtMs,
      replicas,
      sums,
      finalReads,
      cached: new Set(keys.filter((key) => key.startsWith(`${CACHED}:`))),
      placement: new Map(
        keys.map((key) => [key, up[0] === undefined ? [] : this.#survey.replicasOf(up[0], key)]),
      ),
      machines: new Map(names.map((name) => [name, this.#cluster.machineOf(name)])),
      datacenters: new Map(names.map((name) => [name, this.#cluster.placeOf(name).datacenter])),
      wallMs: new Map(names.map((name) => [name, world.runtime(name).clock.wallMs()])),
      dots: this.#survey.dots,
      queues: this.#survey.queues,
      plans: new Map(up.map((name) => [name, this.#survey.planAt(name)])),
      moves: [...new Set(up.flatMap((name) => this.#survey.movesAt(name)))],
      unanswered: operations.filter(({ outcome }) => outcome === undefined).map(({ index }) => index),
      nodesDown: names.filter((name) => !up.includes(name)),
    };
  }

  /** Of every key what all its replicas know together. */
  async #readAll(keys: readonly string[]): Promise<ReadonlyMap<string, Reply>> {
    const { world } = this.#cluster;
    const { network } = world.runtime("reader");
    const reading = (async () => {
      const reads = new Map<string, Reply>();
      const door = await DoorClient.connect(network, this.#namesUp()[0] ?? "nobody", READER_PATIENCE_MS);
      for (const key of keys) {
        const name = key.startsWith("versioned") ? "KV.GET" : "GET";
        const outcome = await door.call("KV.WITH", "READ", "all", "--", name, key);
        if (outcome.kind !== "reply") continue;
        const { reply } = outcome;
        reads.set(key, name === "KV.GET" && Array.isArray(reply) ? reply.slice(1) : reply);
      }
      door.close();
      return reads;
    })();
    // One after another, each there and back, and perhaps twice.
    return world.runUntil(reading, READS_MS_MAX + keys.length * 4 * this.#plan.farMs);
  }

  #namesUp(): readonly string[] {
    return this.#cluster.names.filter((name) => this.#cluster.isUp(name));
  }

  /** Of operations so far, each once. */
  #keysSoFar(): readonly string[] {
    const { operations } = this.#recorder;
    for (; this.#keysSeen < operations.length; this.#keysSeen++)
      this.#keys.add(operations[this.#keysSeen]!.key);
    return [...this.#keys];
  }

  /** But for those that each replica forgets as it likes. */
  #lastingKeys(): readonly string[] {
    return this.#keysSoFar().filter((key) => !key.startsWith(`${CACHED}:`));
  }

  #note(what: string): void {
    this.#log.note(`${this.#cluster.world.nowMs} ${what}`);
  }
}

function clientHosts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `client${i}`);
}
