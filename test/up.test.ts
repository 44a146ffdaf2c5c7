/** `kvorum up`: a cluster of real processes on this machine, from start to end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../bench/peers/free-port.ts";
import { PEER_PORT_STEP } from "../src/cli/up/up-plan.ts";
import { ask, RunningKvorum, type RunOptions } from "./support/running-kvorum.ts";

const running: RunningKvorum[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-up-"));
});

afterEach(async () => {
  // Not killed: its nodes would live on.
  for (const program of running) program.signal("SIGTERM");
  await Promise.all(running.splice(0).map((program) => program.end()));
  rmSync(directory, { recursive: true, force: true });
});

/** The nodes' ports are this one and those after it; each node has two more, some steps above. */
function somePort(): Promise<number> {
  return freePort({ room: PEER_PORT_STEP + 100 });
}

function up(args: readonly string[], options?: RunOptions): RunningKvorum {
  const program = new RunningKvorum(["up", "--data", directory, ...args], options);
  running.push(program);
  return program;
}

/** The nodes' ports and processes, once all are up. */
async function nodesOf(program: RunningKvorum): Promise<{ ports: number[]; victim: number }> {
  const [, victim] = await program.said(/^ {2}kill -9 (\d+) /m);
  const ports = [...program.output.matchAll(/^ready 127\.0\.0\.1:(\d+)$/gm)].map(([, port]) => Number(port));
  return { ports: ports.sort(), victim: Number(victim) };
}

test("any node serves what was written at another; one that is killed is told of, and its command starts it", {
  timeout: 90_000,
}, async () => {
  const program = up(["--port", `${await somePort()}`]);
  const { ports, victim } = await nodesOf(program);
  expect(ports).toHaveLength(3);
  expect(await ask(ports[0]!, "SET greeting hello")).toBe("+OK\r\n");
  process.kill(victim, "SIGKILL");
  await program.said(/node-2 \(127\.0\.0\.1:\d+\) was ended by SIGKILL\nTo start it again, type:/);
  expect(await ask(ports[2]!, "GET greeting")).toContain("hello");
  const [, command] = await program.said(/^ {2}node \S+ (serve --port .*)$/m);
  const again = new RunningKvorum(command!.split(" "));
  running.push(again);
  expect(await again.ready()).toBe(ports[1]);
  expect(await ask(ports[1]!, "GET greeting")).toContain("hello");
});

test("Ctrl-C stops all nodes in good order, and the next start goes on with the same data", {
  timeout: 90_000,
}, async () => {
  const port = await somePort();
  const first = up(["--port", `${port}`]);
  const { ports } = await nodesOf(first);
  expect(await ask(ports[1]!, "SET greeting hello")).toBe("+OK\r\n");
  first.signal("SIGINT");
  expect((await first.end()).exitCode).toBe(0);
  for (const each of ports) await expect(ask(each, "PING")).rejects.toThrow("ECONNREFUSED");
  const second = up(["--port", `${port}`]);
  const again = await nodesOf(second);
  expect(await ask(again.ports[2]!, "GET greeting")).toContain("hello");
});

test("what `npm start` runs is three nodes, and tells what to type next", { timeout: 90_000 }, async () => {
  const environment = { KVORUM_DATA: directory, KVORUM_PORT: `${await somePort()}` };
  const program = new RunningKvorum([], { script: "scripts/start.js", environment });
  running.push(program);
  const { ports } = await nodesOf(program);
  expect(ports).toHaveLength(3);
  expect(program.errors).toContain(`  redis-cli -p ${ports[0]} set greeting hello\n`);
});

test("ports that are taken are passed over", { timeout: 90_000 }, async () => {
  const taken = new RunningKvorum(["serve", "--port", `${await somePort()}`, "--storage", "memory"]);
  running.push(taken);
  const port = await taken.ready();
  const program = up(["--port", `${port}`, "--nodes", "1", "--storage", "memory"]);
  expect(await program.ready()).toBeGreaterThan(port);
  expect(program.errors).toContain(`some ports are taken, so the nodes listen on`);
});

test("a node that cannot start is told with its reason, and stops all", { timeout: 90_000 }, async () => {
  const program = up(["--port", `${await somePort()}`, "--data", "/dev/null/none"]);
  const { exitCode, errors } = await program.end();
  running.length = 0;
  expect(exitCode).toBe(1);
  expect(errors).toContain("/dev/null");
});

test.each([
  [["--nodes", "0"], 'nodes must be a whole number from 1 to 16, but flag --nodes says "0"'],
  [["--fsync", "maybe"], 'fsync must be one of always, everysec, no, but flag --fsync says "maybe"'],
])("%j ends with 2", async (args, message) => {
  expect(await up(args).end()).toMatchObject({ exitCode: 2, errors: `kvorum: ${message}\n` });
});
