/** The servers that benchmarks compare: each a process of its own on a free loopback port. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { freePort } from "./free-port.ts";

export interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

export const HOW_TO_INSTALL_REDIS = "apt-get install redis-server redis-tools";

export function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

/** redis-server with nothing persisted, or as `options` (of its command line) say. */
export async function startRedis(...options: string[]): Promise<Contender> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "bench-redis-"));
  const args = ["--port", `${port}`, "--dir", directory, "--save", "", "--appendonly", "no", ...options];
  return start({
    name: "redis-server",
    port,
    directory,
    command: ["redis-server", ...args],
    sign: /Ready to accept/,
  });
}

/** The built `kvorum serve`, in a data directory of its own. */
export async function startKvorum(...options: string[]): Promise<Contender> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "bench-kvorum-"));
  const args = [
    "bin/kvorum.js",
    "serve",
    "--port",
    `${port}`,
    "--data",
    directory,
    "--log-level",
    "warn",
    ...options,
  ];
  return start({ name: "kvorum", port, directory, command: [process.execPath, ...args], sign: /^ready / });
}

/** The ceiling: see bare-loop.ts. */
export async function startBareLoop(): Promise<Contender> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "bench-loop-"));
  const script = join(import.meta.dirname, "bare-loop.js");
  return start({
    name: "bare loop",
    port,
    directory,
    command: [process.execPath, script, `${port}`],
    sign: /^ready/,
  });
}

export interface Start {
  readonly name: string;
  readonly port: number;
  readonly directory: string;
  readonly command: readonly string[];
  /** What it prints once it accepts connections. */
  readonly sign: RegExp;
  /** Where it prints that; standard output if not given. */
  readonly signOn?: "stdout" | "stderr";
}

/** Runs a server; resolves once it prints `sign`. `directory` goes with it. */
export async function start({
  name,
  port,
  directory,
  command,
  sign,
  signOn = "stdout",
}: Start): Promise<Contender> {
  const [program, ...args] = command;
  const [output, errors] =
    signOn === "stdout" ? (["pipe", "inherit"] as const) : (["ignore", "pipe"] as const);
  const child = spawn(program!, args, { stdio: ["ignore", output, errors] });
  await signOf(child, child[signOn]!, { name, sign });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(directory, { recursive: true, force: true });
  };
  return { name, port, pid: child.pid!, stop };
}

async function signOf(
  child: ChildProcess,
  output: Readable,
  { name, sign }: Pick<Start, "name" | "sign">,
): Promise<void> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    if (!sign.test(line)) continue;
    output.resume(); // what nobody reads would block it in the end
    return;
  }
  throw new Error(`${name} did not start (exit code ${child.exitCode}):\n${lines.slice(-5).join("\n")}`);
}
