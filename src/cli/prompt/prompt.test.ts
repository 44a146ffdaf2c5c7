import { expect, test } from "vitest";
import { SimServer } from "../../../test/support/sim-server.ts";
import { type LineSource, prompt } from "./prompt.ts";

const NODE = { host: "server", port: 6379, password: undefined };

interface Talk {
  readonly output: string;
  readonly errors: string;
  readonly prompts: readonly string[];
  readonly exitCode: number;
}

async function talk(
  {
    words = [],
    lines = [],
    isTerminal = true,
    json = false,
  }: { words?: string[]; lines?: string[]; isTerminal?: boolean; json?: boolean },
  node = NODE,
): Promise<Talk> {
  const server = await new SimServer("prompt", "in place").listen();
  let output = "";
  let errors = "";
  const prompts: string[] = [];
  const source: LineSource = {
    async *lines(options) {
      for (const line of lines) {
        prompts.push(options.prompt());
        yield line;
      }
    },
  };
  const exitCode = await server.world.runUntil(
    prompt(server.world.runtime("person").network, { node, words, json }, source, {
      writeOutput: (text) => {
        output += Buffer.from(text as string).toString();
      },
      writeError: (text) => {
        errors += text;
      },
      ...{ isTerminal, isColoured: false },
    }),
  );
  return { output, errors, prompts, exitCode };
}

test("one command is asked, and its reply shown: to people with its type, in a pipe as it is", async () => {
  expect(await talk({ words: ["INCRBY", "n", "3"] })).toMatchObject({ output: "(integer) 3\n", exitCode: 0 });
  expect(await talk({ words: ["INCRBY", "n", "3"], isTerminal: false })).toMatchObject({ output: "3\n" });
  expect(await talk({ words: ["GET", "nothing"] })).toMatchObject({ output: "(nil)\n", exitCode: 0 });
  const refused = await talk({ words: ["INCR"], isTerminal: false });
  expect(refused).toMatchObject({
    exitCode: 1,
    output: "ERR wrong number of arguments for 'incr' command\n",
  });
});

test("lines are split as Redis does, and asked one after another, until exit", async () => {
  const { output, prompts, exitCode } = await talk({
    lines: ['SET k "a b\\x21"', "", "GET k", "MGET k none", 'GET "k', "exit", "GET k"],
  });
  expect(exitCode).toBe(0);
  expect(output).toBe('OK\n"a b!"\n1) "a b!"\n2) (nil)\n');
  expect(prompts[0]).toBe("server:6379> ");
});

test("siblings stand side by side, the context below them", async () => {
  const { output } = await talk({ lines: ["KV.PUT k tea", "KV.PUT k cake", "KV.GET k", "KV.GET none"] });
  expect(output).toMatch(
    /\n2 values that did not know of each other, the newest first:\n {2}1 {2}"cake"\n {2}2 {2}"tea"\ncontext \S+\n\(nil\)\ncontext \S+\n$/,
  );
});

test("who does not know how a command is used is told", async () => {
  const { output } = await talk({
    lines: ["GETX k", "SET k", "help kv.with", "help client list", "help nothing"],
  });
  expect(output).toContain("did you mean GET?\n");
  expect(output).toMatch(/\(error\) ERR wrong number .*\nSET key value \[/);
  expect(output).toContain("KV.WITH ");
  expect(output).toContain("CLIENT LIST");
  expect(output).toContain("there is no command NOTHING\n");
});

test("nobody there, and a wrong password, are told", async () => {
  const nobody = await talk({ words: ["GET", "k"] }, { ...NODE, port: 1 });
  expect(nobody).toMatchObject({
    exitCode: 1,
    output: "",
    errors: expect.stringContaining("no answer by the node at server:1"),
  });
  const stranger = await talk({ words: ["GET", "k"] }, { ...NODE, password: "x" } as never);
  expect(stranger.errors).toContain("does not take this password");
});

test("a connection that breaks is told, and the next line tries again", async () => {
  const { output, errors } = await talk({
    lines: ["SET k v", "CLIENT KILL TYPE normal SKIPME no", "GET k", "GET k"],
  });
  expect(errors).toMatch(/hung up|broke/);
  expect(output).toMatch(/"v"\n$/);
});

test("a program gets each reply as a line of JSON, errors too, wherever it asks", async () => {
  const lines = ['SET k "a b"', "GET k", "GET nothing", "MGET k nothing", "INCR k"];
  const { output } = await talk({ lines, json: true });
  const replies = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(replies).toEqual(["OK", "a b", null, ["a b", null], { error: expect.stringContaining("integer") }]);
  expect(await talk({ words: ["INCR"], json: true })).toMatchObject({ exitCode: 1 });
});
