/**
 * The command line: `kvorum COMMAND [OPTIONS]`.
 *
 *   exit code  0  all went well
 *              1  it could not be done: the port is taken, the disk is full
 *              2  it was asked wrongly: an unknown option, a bad setting
 *              3  doctor: something is to be mended
 */
import { CommanderError } from "commander";
import { DEFAULT_SETTINGS } from "../node/settings.ts";
import { createNodejsRuntime, createNodejsThreads } from "../runtime/nodejs/nodejs-runtime.ts";
import { loopTimes } from "../runtime/nodejs/program-gauges.ts";
import type { Background, Disk } from "../runtime/runtime.ts";
import { checkpoint } from "./checkpoint.ts";
import { answerQuestion } from "./cluster/cluster-questions.ts";
import { changeMember } from "./cluster/member-change.ts";
import { wantsColour } from "./colour.ts";
import { loadJoiningSettings } from "./joining-settings.ts";
import { keyspace } from "./keyspace/keyspace.ts";
import type { AskedNode } from "./node-question.ts";
import { createProgram } from "./program.ts";
import type { LineSource } from "./prompt/prompt.ts";
import { terminalLines } from "./prompt/terminal-lines.ts";
import { repair } from "./repair/repair.ts";
import type { ServeSettings } from "./serve-settings.ts";
import { loadSettings, SettingsError } from "./settings-loader.ts";
import { readTextFile } from "./text-file.ts";
import { runTool } from "./tools.ts";
import { terminalScreen } from "./top/terminal-screen.ts";
import type { Screen } from "./top/top.ts";
import { up } from "./up/up.ts";
import { FIRST_PORT_DEFAULT, NODES_DEFAULT, NODES_MAX } from "./up/up-plan.ts";

const ASKED_WRONGLY = 2;
/** Where settings come from beside the command line. */
const SURROUNDINGS = { environment: process.env, readFile: readTextFile };

/** Runs one command to its end, and sets the process's exit code. `args`: without node and script. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on("error", tolerateBrokenPipe);
  const output = {
    writeOutput: (text: string | Uint8Array) => void process.stdout.write(text),
    writeError: (text: string) => void process.stderr.write(text),
  };
  const program = createProgram({
    serve: async (flags) => serveToItsEnd(await loadSettings({ flags, ...SURROUNDINGS })),
    join: async (flags) => serveToItsEnd(await loadJoiningSettings({ flags, ...SURROUNDINGS })),
    up: async (nodes, flags) => {
      const settings = await loadSettings({
        ...{ flags, ...SURROUNDINGS },
        defaults: { port: FIRST_PORT_DEFAULT },
      });
      process.exit(await up(settings, { nodeCount: nodeCountOf(nodes), flags }));
    },
    checkpoint: async (request, flags) => {
      const node = await nodeToAsk(flags);
      process.exitCode = await checkpoint(createNodejsRuntime().network, { node, request }, output);
    },
    question: async (question, form, flags) => {
      const node = await nodeToAsk(flags);
      process.exitCode = await answerQuestion(
        question,
        createNodejsRuntime().network,
        { node, form },
        output,
      );
    },
    changeMember: async (change, form, flags) => {
      const node = await nodeToAsk(flags);
      const showsProgress = process.stderr.isTTY === true;
      process.exitCode = await changeMember(
        createNodejsRuntime(),
        { node, change, form },
        { ...output, showsProgress },
      );
    },
    keyspace: async (request, form, flags) => {
      const node = await nodeToAsk(flags);
      const showsProgress = process.stderr.isTTY === true;
      const asked = { node, form };
      process.exitCode = await keyspace(createNodejsRuntime(), request, asked, { ...output, showsProgress });
    },
    repair: async (form, flags) => {
      const node = await nodeToAsk(flags);
      const showsProgress = process.stderr.isTTY === true;
      process.exitCode = await repair(createNodejsRuntime(), { node, form }, { ...output, showsProgress });
    },
    tool: async (request, flags) => {
      const node = await nodeToAsk(flags);
      const showsProgress = process.stderr.isTTY === true;
      const isColoured = wantsColour(process.stdout.isTTY === true, process.env);
      const screen = (): Screen =>
        terminalScreen({ input: process.stdin, output: process.stdout, isColoured });
      const isTerminal = process.stdout.isTTY === true;
      const sinks = { ...output, showsProgress, isColoured, isTerminal, lineSource: standardLines, screen };
      const runtime = createNodejsRuntime();
      const startThreads = (count: number): Background => createNodejsThreads(runtime, count);
      const busyMs = (): number => loopTimes().busyMs;
      process.exitCode = await runTool({ ...runtime, startThreads, busyMs }, { node, request }, sinks);
    },
    inspect: async (path, options) => {
      const { inspect } = await import("./inspect.ts"); // as is this: it reads all that a disk may hold
      process.exitCode = await inspect(createNodejsRuntime().disk, path, options, output);
    },
    ...output,
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (cause) {
    process.exitCode = exitCodeOf(cause);
  }
}

/** Does not return: something of the node might keep the process alive. */
async function serveToItsEnd(settings: ServeSettings): Promise<never> {
  const { serve } = await import("./serve.ts"); // a whole server: whoever only asks one need not wait for that
  process.exit(await serve(settings, { welcomes: process.stderr.isTTY === true }));
}

function standardLines(disk: Disk): LineSource {
  const { HOME } = process.env;
  const historyFile = HOME === undefined ? undefined : `${HOME}/.kvorum_history`;
  return terminalLines({ input: process.stdin, output: process.stdout, disk, historyFile });
}

/** Throws SettingsError. */
async function nodeToAsk(flags: ReadonlyMap<string, string>): Promise<AskedNode> {
  const { port, password } = await loadSettings({
    flags: new Map([...flags].filter(([name]) => name !== "host")),
    environment: { ...process.env, KVORUM_HOST: undefined }, // where a node listens is not where to find it
    readFile: readTextFile,
  });
  return { host: flags.get("host") ?? DEFAULT_SETTINGS.host, port, password };
}

/** Throws SettingsError. */
function nodeCountOf(text = `${NODES_DEFAULT}`): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= NODES_MAX) return count;
  throw new SettingsError([
    `nodes must be a whole number from 1 to ${NODES_MAX}, but flag --nodes says "${text}"`,
  ]);
}

function exitCodeOf(cause: unknown): number {
  if (cause instanceof SettingsError) {
    for (const problem of cause.problems) process.stderr.write(`kvorum: ${problem}\n`);
    return ASKED_WRONGLY;
  }
  // Commander has already said what is wrong; help and version end here too, with 0.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : ASKED_WRONGLY;
  throw cause;
}

/** Whoever read our output has had enough, as in `kvorum --help | head -1`. */
function tolerateBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
