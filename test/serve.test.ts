/** `kvorum` from the outside: what it prints, how it ends. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VERSION } from "../src/node/version.ts";
import { ask, type Ending, type RunningKvorum, type RunOptions } from "./support/running-kvorum.ts";
import { programStarter } from "./support/started-programs.ts";

const start = programStarter();

/** Runs `kvorum` to its end. */
function run(args: readonly string[], options?: RunOptions): Promise<Ending> {
  return start(args, options).end();
}

function serve(args: readonly string[], options?: RunOptions): RunningKvorum {
  return start(["serve", ...args], options);
}

test("prints one line when it accepts connections, and logs elsewhere", async () => {
  const node = serve(["--port", "0"]);
  const port = await node.ready();
  expect(await ask(port, "PING")).toBe("+PONG\r\n");
  node.signal("SIGTERM");
  const { output, errors } = await node.end();
  expect(output).toBe(`ready 127.0.0.1:${port}\n`);
  const logged = errors
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const told = logged.filter(({ msg }) => msg === "accepting connections");
  expect(told).toEqual([expect.objectContaining({ level: "info", port, version: VERSION })]);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s stops it in good order", async (signal) => {
  const node = serve(["--port", "0"]);
  await node.ready();
  node.signal(signal);
  expect(await node.end()).toMatchObject({ exitCode: 0 });
});

test("SHUTDOWN from a client stops it in good order", async () => {
  const node = serve(["--port", "0"]);
  expect(await ask(await node.ready(), "SHUTDOWN NOSAVE")).toBe("");
  expect(await node.end()).toMatchObject({ exitCode: 0 });
});

test("a taken port ends it with 1, and says what to do", async () => {
  const taken = await serve(["--port", "0"]).ready();
  const { exitCode, output, errors } = await run(["serve", "--port", `${taken}`]);
  expect({ exitCode, output }).toEqual({ exitCode: 1, output: "" });
  expect(errors.trim().split("\n").at(-1)).toBe(
    `kvorum: cannot listen on 127.0.0.1:${taken}: the port is taken; stop what holds it, or choose another with --port or --port-search`,
  );
});

test("--port-search takes the next free port, and says so", async () => {
  const taken = await serve(["--port", "0"]).ready();
  const node = serve(["--port", `${taken}`, "--port-search"]);
  const port = await node.ready();
  expect(port).toBeGreaterThan(taken);
  expect(node.errors).toContain(`kvorum: port ${taken} is taken, so this node listens on ${port}\n`);
  expect(await ask(port, "PING")).toBe("+PONG\r\n");
});

test("nobody outside is let in without a password", async () => {
  const { exitCode, errors } = await run(["serve", "--host", "0.0.0.0", "--port", "0"]);
  expect(exitCode).toBe(2);
  expect(errors).toContain(
    'unless a password is set, since anybody may connect, but flag --host says "0.0.0.0"',
  );
});

test("with a password it listens to the outside, and keeps the password to itself", async () => {
  const node = serve([
    "--host",
    "0.0.0.0",
    "--port",
    "0",
    "--password",
    "xyzzy-secret",
    "--log-level",
    "debug",
  ]);
  const port = await node.ready();
  expect(await ask(port, "GET x")).toMatch(/^-NOAUTH /);
  expect(await ask(port, "AUTH xyzzy-secret")).toBe("+OK\r\n");
  if (process.platform === "linux") {
    expect(readFileSync(`/proc/${node.pid}/cmdline`, "utf8")).not.toContain("xyzzy-secret");
  }
  node.signal("SIGTERM");
  const { output, errors } = await node.end();
  expect(output + errors).not.toContain("xyzzy-secret");
});

test("settings come from flags, environment and file", async () => {
  const node = serve(["--port", "0"]);
  await node.ready();
  const config = join(node.directory, "kvorum.toml");
  writeFileSync(config, 'port = 0\nlog-format = "text"\nlog-level = "error"\n');
  const other = serve(["--config", config], { environment: { KVORUM_LOG_LEVEL: "info" } });
  await other.ready();
  await other.said(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}accepting connections /m);
});

test.each([
  [
    ["serve", "--port", "x"],
    'port must be a whole number from 0 to 65535 (0 takes any free port), but flag --port says "x"',
  ],
  [["serve", "--prot", "1"], "unknown option '--prot'; did you mean --port?"],
  [["serve", "--config", "none.toml"], 'flag --config says "none.toml": there is no such file'],
  [["serve", "--config", "."], 'flag --config says ".": it is a directory'],
  [["srve"], "unknown command 'srve'; did you mean serve?"],
])("%j ends with 2", async (args, message) => {
  const { exitCode, output, errors } = await run(args);
  expect(errors).toContain(message);
  expect(errors.trim().split("\n")).toHaveLength(1);
  expect({ exitCode, output }).toEqual({ exitCode: 2, output: "" });
});

test("an unknown variable of its own ends it with 2; others do not matter", async () => {
  const { exitCode, errors } = await run(["serve"], { environment: { KVORUM_PROT: "1", OTHER: "x" } });
  expect(exitCode).toBe(2);
  expect(errors).toBe("kvorum: environment KVORUM_PROT is not a setting; did you mean KVORUM_PORT?\n");
});

test("an address that is not this machine's ends it with 1", async () => {
  const { exitCode, errors } = await run(["serve", "--host", "192.0.2.1", "--password", "x", "--port", "0"]);
  expect(exitCode).toBe(1);
  expect(errors).toContain("this machine has no such address; choose another with --host");
});

test("help and version go to standard output and end with 0", async () => {
  for (const args of [["--help"], ["serve", "--help"], ["--version"]]) {
    const { exitCode, output, errors } = await run(args);
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: "" });
    expect(output).not.toBe("");
  }
});

test("it goes on when nobody reads its output any more", async () => {
  const node = serve(["--port", "0"]);
  node.stopListening();
  const [, port] = await node.said(/"port":(\d+),.*"msg":"accepting connections"/);
  expect(await ask(Number(port), "PING")).toBe("+PONG\r\n");
  node.signal("SIGTERM");
  expect(await node.end()).toMatchObject({ exitCode: 0 });
});
