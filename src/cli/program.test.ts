import { expect, test } from "vitest";
import { VERSION } from "../node/version.ts";
import { createProgram } from "./program.ts";
import { flagOf, SETTING_OPTIONS } from "./setting-options.ts";

/** What a command line says and asks for. */
async function run(...args: string[]) {
  let output = "";
  let errors = "";
  let flags: ReadonlyMap<string, string> | undefined;
  let inspected: unknown;
  let raised: unknown;
  let asked: unknown;
  let checkpointed: unknown;
  let repaired: unknown;
  let declared: unknown;
  let changed: unknown;
  let tool: unknown;
  const program = createProgram({
    serve: async (given) => {
      flags = given;
    },
    join: async (given) => {
      flags = given;
    },
    up: async (nodes, given) => {
      raised = { nodes, flags: Object.fromEntries(given) };
    },
    inspect: async (path, options) => {
      inspected = { path, ...options };
    },
    checkpoint: async (request, given) => {
      checkpointed = { ...request, flags: Object.fromEntries(given) };
    },
    question: async (question, form, given) => {
      asked = { question, ...form, flags: Object.fromEntries(given) };
    },
    changeMember: async (change, form, given) => {
      changed = { ...change, ...form, flags: Object.fromEntries(given) };
    },
    keyspace: async (request, form, given) => {
      declared = { ...request, ...form, flags: Object.fromEntries(given) };
    },
    repair: async (form, given) => {
      repaired = { ...form, flags: Object.fromEntries(given) };
    },
    tool: async (request, given) => {
      tool = { ...request, flags: Object.fromEntries(given) };
    },
    writeOutput: (text) => {
      output += text;
    },
    writeError: (text) => {
      errors += text;
    },
  });
  const exitCode = await program.parseAsync(args, { from: "user" }).then(
    () => 0,
    (error: { exitCode: number }) => error.exitCode,
  );
  return {
    output,
    errors,
    flags,
    raised,
    asked,
    inspected,
    checkpointed,
    repaired,
    changed,
    declared,
    tool,
    exitCode,
  };
}

test("flags reach the action as they were written; those not given do not", async () => {
  const { flags } = await run("serve", "--port", "abc", "--max-clients=7", "--port-search");
  expect(flags).toEqual(
    new Map([
      ["port", "abc"],
      ["port-search", "true"],
      ["max-clients", "7"],
    ]),
  );
});

test("up is told how many nodes, and what all of them are told", async () => {
  expect((await run("up")).raised).toEqual({ nodes: undefined, flags: {} });
  const { raised } = await run("up", "--nodes", "5", "--fsync", "always", "--port=7101", "--recover");
  expect(raised).toEqual({ nodes: "5", flags: { fsync: "always", port: "7101", recover: "true" } });
  expect((await run("up", "--port-search")).errors).toContain("unknown option '--port-search'");
});

test("leave, weight and stay are told whom, and where to ask", async () => {
  const { changed } = await run("leave", "127.0.0.1:7003", "--port", "7001");
  expect(changed).toEqual({ kind: "leave", member: "127.0.0.1:7003", json: false, flags: { port: "7001" } });
  expect((await run("weight", "70aa", "2")).changed).toEqual({
    kind: "weight",
    member: "70aa",
    weight: "2",
    json: false,
    flags: {},
  });
  expect((await run("stay", "--json")).changed).toEqual({ kind: "stay", json: true, flags: {} });
  expect(await run("weight", "70aa")).toMatchObject({ exitCode: 1, changed: undefined });
});

test("inspect is told the path, and what to print", async () => {
  expect((await run("inspect", "data")).inspected).toEqual({ path: "data", json: false, rows: false });
  const { inspected } = await run("inspect", "data", "--rows", "--json");
  expect(inspected).toEqual({ path: "data", json: true, rows: true });
  const { exitCode, errors } = await run("inspect");
  expect(exitCode).not.toBe(0);
  expect(errors).toContain("see kvorum inspect --help");
});

test("checkpoint is told what to make, and where the node is", async () => {
  expect((await run("checkpoint")).checkpointed).toEqual({ target: undefined, json: false, flags: {} });
  const { checkpointed } = await run("checkpoint", "a", "--host", "h", "--password-file", "f");
  expect(checkpointed).toEqual({ target: "a", json: false, flags: { host: "h", "password-file": "f" } });
  expect((await run("checkpoint", "a", "b")).errors).toContain("see kvorum checkpoint --help");
});

test("status and ring are told where the node is, and how to print", async () => {
  expect((await run("status")).asked).toEqual({ question: "status", json: false, flags: {} });
  const { asked } = await run("ring", "--json", "--host", "h", "--port", "1");
  expect(asked).toEqual({ question: "ring", json: true, flags: { host: "h", port: "1" } });
});

test("repair is told where a node is, which slots, and how to print", async () => {
  expect((await run("repair")).repaired).toEqual({ slots: undefined, json: false, flags: {} });
  const { repaired } = await run("repair", "--slots", "5-9", "--json", "--port", "1");
  expect(repaired).toEqual({ slots: "5-9", json: true, flags: { port: "1" } });
});

test("bench is told its words as they are, and where the node is", async () => {
  const { tool } = await run(
    "bench",
    "-w",
    "a,b",
    "-P",
    "16",
    "--rate=5",
    "--no-load",
    "--json",
    "--port",
    "1",
  );
  expect(tool).toMatchObject({
    ...{ tool: "bench", flags: { port: "1" } },
    words: { workload: "a,b", pipeline: "16", rate: "5", load: false, json: true },
  });
  expect((await run("bench", "--pipline", "2")).errors).toContain("did you mean --pipeline?");
});

test("nodes, key and hotkeys are told what to ask for", async () => {
  expect((await run("nodes", "--json")).tool).toEqual({ tool: "nodes", json: true, flags: {} });
  const { tool } = await run("key", "a b", "--port", "7");
  expect(tool).toEqual({ tool: "key", request: { key: "a b", json: false }, flags: { port: "7" } });
  expect((await run("key")).errors).toContain("see kvorum key --help");
  expect((await run("hotkeys", "--by", "bytes")).tool).toMatchObject({ words: { by: "bytes" } });
  expect((await run("keyspaces")).asked).toEqual({ question: "keyspaces", json: false, flags: {} });
});

test("top is told how often to look", async () => {
  expect((await run("top", "--interval", "5s")).tool).toEqual({
    ...{ tool: "top", interval: "5s", json: false, flags: {} },
  });
});

test("cli is told a command word by word, also where words look like options", async () => {
  expect((await run("cli")).tool).toEqual({ tool: "prompt", words: [], json: false, flags: {} });
  const { tool } = await run("cli", "--port", "7", "SET", "k", "--port", "-h");
  expect(tool).toEqual({
    ...{ tool: "prompt", words: ["SET", "k", "--port", "-h"], json: false, flags: { port: "7" } },
  });
});

test("the help of serve names every setting, its default, and how else to give it", async () => {
  const { output, exitCode } = await run("serve", "--help");
  expect(exitCode).toBe(0);
  for (const option of SETTING_OPTIONS) expect(output).toContain(`  ${flagOf(option)} `);
  expect(output).toContain("[everysec]");
  expect(output).toContain("[10ms]");
  expect(output).toContain("KVORUM_MAX_CLIENTS=500");
  expect(output).toContain("Exit codes:");
});

const COMMANDS = createProgram({ writeOutput: () => undefined } as never).commands.flatMap((command) =>
  command.commands.length === 0
    ? [[command.name()]]
    : [[command.name()], ...command.commands.map((sub) => [command.name(), sub.name()])],
);

test.each([[], ...COMMANDS])(
  "the help of %s %s is no wider than a terminal, and tells of exit codes",
  async (...words) => {
    const { output, exitCode } = await run(...words, "--help");
    expect(exitCode).toBe(0);
    expect(output.split("\n").filter((line) => line.length > 100)).toEqual([]);
    if (words.length < 2)
      for (const code of [0, 1, 2]) expect(output).toMatch(new RegExp(`^  ${code}  `, "m"));
  },
);

const RUNS_NODES = ["serve", "up", "join", "replace"];

test("every command that answers can do so for a program", async () => {
  for (const words of COMMANDS) {
    if (RUNS_NODES.includes(words[0]!) || words.join() === "keyspace") continue;
    expect([words, (await run(...words, "--help")).output]).toEqual([
      words,
      expect.stringContaining("--json"),
    ]);
  }
});

test("join and replace are serve, told of the others and of the lost one", async () => {
  const { flags } = await run("join", "a:1,b:2", "--port", "7004");
  expect(flags).toEqual(
    new Map([
      ["port", "7004"],
      ["join", "a:1,b:2"],
    ]),
  );
  const replacing = await run("replace", "70aa", "a:1", "--data", "d");
  expect(replacing.flags).toEqual(
    new Map([
      ["data", "d"],
      ["join", "a:1"],
      ["replace", "70aa"],
    ]),
  );
  expect((await run("join")).errors).toBe(
    "kvorum: missing required argument 'peers'; see kvorum join --help\n",
  );
  expect((await run("join", "a:1", "--replace", "x")).errors).toContain("unknown option '--replace'");
});

test("help is a command, too", async () => {
  expect((await run("help")).output).toContain("Usage: kvorum");
  expect((await run("help", "bench")).output).toContain("Usage: kvorum bench");
});

test("--version prints the version and no more", async () => {
  expect(await run("--version")).toMatchObject({ output: `${VERSION}\n`, exitCode: 0 });
});

test.each([
  [["serve", "--prot", "1"], "kvorum: unknown option '--prot'; did you mean --port?\n"],
  [["serve", "--requirepass", "x"], "kvorum: unknown option '--requirepass'; did you mean --password?\n"],
  [
    ["serve", "--maxmemory-policy=x"],
    "kvorum: unknown option '--maxmemory-policy'; did you mean --eviction?\n",
  ],
  [["serve", "--zzz"], "kvorum: unknown option '--zzz'; see kvorum serve --help\n"],
  [["serve", "--port"], "kvorum: option '--port <number>' argument missing; see kvorum serve --help\n"],
  [["serve", "6379"], /^kvorum: too many arguments for 'serve'.*; see kvorum serve --help\n$/],
  [["status", "--jsno"], "kvorum: unknown option '--jsno'; did you mean --json?\n"],
  [["status", "--requirepass", "x"], "kvorum: unknown option '--requirepass'; did you mean --password?\n"],
  [["sevre"], "kvorum: unknown command 'sevre'; did you mean serve?\n"],
  [["xylophone"], "kvorum: unknown command 'xylophone'; see kvorum --help\n"],
])("%j is refused in one line that tells what to do", async (args, message) => {
  const { errors, exitCode, output } = await run(...args);
  expect(errors).toMatch(message);
  expect(exitCode).not.toBe(0);
  expect(output).toBe("");
});

test("no command at all shows the help, as an error", async () => {
  const { errors, exitCode } = await run();
  expect(errors).toContain("Usage: kvorum");
  expect(exitCode).not.toBe(0);
});

test("no two settings share a name", () => {
  const names = new Set(SETTING_OPTIONS.map((option) => option.name));
  expect(names.size).toBe(SETTING_OPTIONS.length);
});

test("a keyspace is declared with the words of KV.KEYSPACE, at the node that is named", async () => {
  const set = await run(
    "keyspace",
    "set",
    "sessions",
    "--read=one",
    "--copies",
    "dc1=3",
    "--ttl",
    "30m",
    "--port=7",
  );
  expect(set.declared).toEqual({
    ...{ kind: "set", name: "sessions", json: false, flags: { port: "7" } },
    settings: ["COPIES", "dc1=3", "READ", "one", "TTL", "30m"],
  });
  expect((await run("keyspace", "list", "--json")).declared).toEqual({ kind: "list", json: true, flags: {} });
  expect((await run("keyspace", "drop", "a")).declared).toMatchObject({ kind: "drop", name: "a" });
  const wrong = await run("keyspace", "set", "sessions", "--tll", "3s");
  expect(wrong.errors).toContain("did you mean --ttl?");
});
