/**
 * `kvorum up`: a cluster on this machine, to try and to develop with. Each node is a real `kvorum serve` in a process
 * of its own.
 *
 *   standard output   "ready 127.0.0.1:7001" for each node once it accepts connections, and nothing else
 *   standard error    what to type next, and which node has died
 *   exit code         0 after a stop that was asked for; 1 if a node could not start, or all have died
 */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createNodejsRuntime } from "../../runtime/nodejs/nodejs-runtime.ts";
import { spawnProgram } from "../../runtime/nodejs/spawned-program.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { askStatus } from "../cluster/cluster-view.ts";
import type { ServeSettings } from "../serve-settings.ts";
import { SETTING_OPTIONS } from "../setting-options.ts";
import { addressOf, explainFailure } from "../start-failure.ts";
import { StopSignals } from "../stop-signals.ts";
import { freePorts } from "./free-ports.ts";
import { lastLineOf } from "./last-line.ts";
import { type Launched, NodeFamily } from "./node-family.ts";
import { allSeeEachOther } from "./seeing-nodes.ts";
import { environmentOf, type PlannedNode, planNodes } from "./up-plan.ts";
import { clusterWelcome, deathNotice, startFailureNotice, type UpWords } from "./up-texts.ts";

export interface UpOptions {
  readonly nodeCount: number;
  /** As the user wrote them; they are passed on to each node. */
  readonly flags: ReadonlyMap<string, string>;
}

const TELL_EVERY_MS = 10_000;
/** It is told what to type then, whoever sees whom. */
const SEEN_MS_MAX = 5_000;
const SCRIPT = fileURLToPath(new URL("../../../bin/kvorum.js", import.meta.url));

/** Resolves to the exit code when all nodes have stopped. `settings`: what `flags` and the environment mean. */
export async function up(settings: ServeSettings, { nodeCount, flags }: UpOptions): Promise<number> {
  const runtime = createNodejsRuntime();
  const nodes = await plan(runtime, settings, { nodeCount, flags });
  if (nodes === undefined) return 1;
  const words: UpWords = {
    program: programWords(),
    adminHost: settings.adminHost,
    needsPassword: settings.password !== undefined,
    takesEnter: process.stdin.isTTY === true,
  };
  let isUp = false;
  const deaths: Promise<void>[] = [];
  const family = new NodeFamily(nodes, (node) => launch(node, flags), {
    onReady: ({ host, port }) => void process.stdout.write(`ready ${addressOf(host, port)}\n`),
    onDeath: (node, end) => {
      const tell = (lastWords: string | undefined): void => {
        // Killed by somebody, it had nothing to say: what stands last in the log is older.
        const reason = end.signal === undefined ? lastWords : undefined;
        const notice = isUp ? deathNotice(node, end, reason, words) : startFailureNotice(node, end, reason);
        process.stderr.write(notice);
      };
      deaths.push(lastLineOf(runtime.disk, node.logFile).then(tell));
    },
  });
  const stopped = stopOnSignal(runtime, family);
  family.startMissing();
  const stopTelling = runtime.clock.every(TELL_EVERY_MS, () => tellWhoIsAwaited(runtime, family.notReady));
  isUp = await family.allReady();
  if (isUp) {
    await untilSeen(runtime, nodes, settings);
    const running = [...family.processIds].map(([node, processId]) => ({ node, processId }));
    process.stderr.write(clusterWelcome(running, words));
    if (words.takesEnter) process.stdin.on("data", () => family.startMissing());
  } else if (!stopped.isAsked()) {
    await family.stop("SIGTERM");
  }
  await family.allGone();
  stopTelling();
  await Promise.all(deaths);
  return stopped.isAsked() ? await stopped.exitCode : 1;
}

/** What is typed next must not meet nodes that have not heard of each other yet. */
async function untilSeen(
  { clock, network }: Runtime,
  nodes: readonly PlannedNode[],
  { password }: ServeSettings,
): Promise<void> {
  const questions = nodes.map(
    ({ host, port }) =>
      () =>
        askStatus(network, { host, port, password }),
  );
  await allSeeEachOther(clock, questions, SEEN_MS_MAX);
}

/** A node that waits for others has nothing to say on standard output, and would seem to hang. */
function tellWhoIsAwaited(runtime: Runtime, nodes: readonly PlannedNode[]): void {
  for (const { name, logFile } of nodes) {
    void lastLineOf(runtime.disk, logFile).then((lastWords) => {
      process.stderr.write(`kvorum: ${name} is not ready yet: ${lastWords ?? "it has said nothing"}\n`);
    });
  }
}

async function plan(
  runtime: Runtime,
  settings: ServeSettings,
  { nodeCount, flags }: UpOptions,
): Promise<readonly PlannedNode[] | undefined> {
  const { host, port: first } = settings;
  try {
    const ports = await freePorts(runtime.network, { host, first, count: nodeCount });
    if (ports.length < nodeCount) {
      process.stderr.write(`kvorum: too few ports are free from ${first} on; choose others with --port\n`);
      return undefined;
    }
    if (ports.at(-1) !== first + nodeCount - 1) {
      process.stderr.write(`kvorum: some ports are taken, so the nodes listen on ${ports.join(", ")}\n`);
    }
    const dataDirectory = resolve(settings.dataDirectory);
    await runtime.disk.makeDirectory(dataDirectory);
    const switches = SETTING_OPTIONS.filter(({ kind }) => kind === "switch").map(({ name }) => name);
    return planNodes({ host, ports, dataDirectory, flags, switches: new Set(switches) });
  } catch (cause) {
    process.stderr.write(`kvorum: ${explainFailure(cause, settings)}\n`);
    return undefined;
  }
}

function launch(node: PlannedNode, flags: ReadonlyMap<string, string>): Launched {
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const program = spawnProgram({
    command: [process.execPath, ...process.execArgv, SCRIPT, ...node.args],
    environment: environmentOf(process.env, flags),
    errorFile: node.logFile,
    onLine: (line) => {
      if (line.startsWith("ready ")) onReady();
    },
  });
  return { ...program, ready };
}

interface Stopping {
  isAsked(): boolean;
  /** Resolves once a stop was asked for and all nodes are gone. */
  readonly exitCode: Promise<number>;
}

/** The first signal stops all in good order, a later one at once. */
function stopOnSignal(runtime: Runtime, family: NodeFamily): Stopping {
  const signals = new StopSignals();
  let isAsked = false;
  const exitCode = new Promise<number>((resolve) => {
    const onSignal = (): void => {
      const decision = signals.onSignal(runtime.clock.monotonicMs());
      if (decision === "ignore") return;
      isAsked = true;
      void family.stop(decision === "stop" ? "SIGTERM" : "SIGKILL").then((isGood) => resolve(isGood ? 0 : 1));
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  });
  return { isAsked: () => isAsked, exitCode };
}

/** How the user has called this program, or could have. */
function programWords(): readonly string[] {
  const called = process.argv[1] ?? "";
  if (/(^|\/)kvorum$/.test(called)) return ["kvorum"];
  const script = relative(process.cwd(), SCRIPT);
  return ["node", script.startsWith("..") ? SCRIPT : script];
}
