/** The operator's commands beside real processes: what a person types, and what comes of it. */
import { expect, test } from "vitest";
import type { Ending, RunOptions } from "./support/running-kvorum.ts";
import { programStarter } from "./support/started-programs.ts";

const start = programStarter();
/** Every command is a program that starts. */
const TIMEOUT_MS = 120_000;
const run = (args: readonly string[], options?: RunOptions): Promise<Ending> => start(args, options).end();

test(
  "cli, key, nodes, hotkeys, top, doctor and bench work against a node with a password",
  async () => {
    const port = await start(["serve", "--port", "0", "--storage", "memory", "--password", "x"]).ready();
    const at = ["--port", `${port}`];
    const options = { environment: { KVORUM_PASSWORD: "x" } };
    expect(await run(["cli", ...at, "SET", "cart:1", "tea"], options)).toMatchObject({
      output: "OK\n",
      exitCode: 0,
    });
    expect(await run(["cli", ...at, "GET", "cart:1"])).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/^NOAUTH/),
    });
    const [key, nodes, hotkeys, top, doctor] = await Promise.all([
      run(["key", ...at, "cart:1"], options),
      run(["nodes", ...at, "--json"], options),
      run(["hotkeys", ...at, "--json"], options),
      run(["top", ...at, "--interval", "100ms"], options),
      run(["doctor", ...at, "--json"], options),
    ]);
    expect(key.output).toContain('"tea"');
    expect(JSON.parse(nodes.output)).toMatchObject([{ port, problem: null, keys: 1, up: true }]);
    expect(hotkeys).toMatchObject({ exitCode: 0, errors: "" });
    expect(top.output).toMatch(/^A node alone\n[\d,]+ ops\/s/);
    expect(JSON.parse(doctor.output)).toContainEqual(
      expect.objectContaining({ severity: "warn", text: expect.stringContaining("alone") }),
    );
    expect([0, 3]).toContain(doctor.exitCode); // as the machine's disk and limits are
    const bench = await run(
      ["bench", ...at, "-n", "2000", "-r", "100", "-w", "a,set", "--warm-up", "0", "--json"],
      options,
    );
    expect(bench.exitCode).toBe(0);
    const loads = JSON.parse(bench.output);
    expect(loads.map((load: { workload: string }) => load.workload)).toEqual(["a", "set"]);
    for (const load of loads) expect(load).toMatchObject({ requests: 2_000, errors: 0, lost: 0, misses: 0 });
  },
  TIMEOUT_MS,
);

test(
  "where nobody listens each says so, and ends with 1; what makes no sense ends with 2",
  async () => {
    const commands = [
      ["nodes"],
      ["key", "k"],
      ["hotkeys"],
      ["top"],
      ["doctor"],
      ["cli", "GET", "k"],
      ["bench"],
      ["status"],
      ["ring"],
      ["keyspaces"],
      ["repair"],
      ["leave", "127.0.0.1:7003"],
      ["weight", "127.0.0.1:7003", "2"],
      ["stay"],
      ["checkpoint"],
    ];
    const endings = await Promise.all(
      commands.map(([name, ...words]) => run([name!, "--port", "1", ...words])),
    );
    for (const [i, { exitCode, output, errors }] of endings.entries()) {
      expect({ command: commands[i], exitCode, output }).toEqual({
        command: commands[i],
        exitCode: 1,
        output: "",
      });
      expect(errors).toMatch(/^kvorum: .+127\.0\.0\.1:1\b.+\n$/);
    }
    expect(await run(["bench", "--clients", "none"])).toMatchObject({ exitCode: 2, output: "" });
    expect((await run(["doctr"])).errors).toBe("kvorum: unknown command 'doctr'; did you mean doctor?\n");
  },
  TIMEOUT_MS,
);
