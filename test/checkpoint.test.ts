/** `kvorum checkpoint` beside a running node, and what it makes served as a node of its own. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ask, type Ending, type RunOptions } from "./support/running-kvorum.ts";
import { programStarter } from "./support/started-programs.ts";

const start = programStarter();

function checkpoint(port: number, args: readonly string[] = [], options?: RunOptions): Promise<Ending> {
  return start(["checkpoint", ...args, "--port", `${port}`], options).end();
}

test("a copy has what was written, and is served as another node; the path is all that is printed", async () => {
  const node = start(["serve", "--port", "0"]);
  const port = await node.ready();
  await ask(port, "SET before 1");
  const { exitCode, output, errors } = await checkpoint(port, ["monday"]);
  const path = join(node.directory, "data/checkpoints/monday");
  expect({ exitCode, output, errors }).toEqual({ exitCode: 0, output: `${path}\n`, errors: "" });
  await ask(port, "SET after 2");
  const copy = start(["serve", "--port", "0", "--data", path]);
  const copyPort = await copy.ready();
  expect([await ask(copyPort, "EXISTS before"), await ask(copyPort, "EXISTS after")]).toEqual([
    ":1\r\n",
    ":0\r\n",
  ]);
  expect(readdirSync(path)).toContain("IDENTITY");
  expect(await ask(port, "CONFIG GET dir")).toContain("*2");
});

test("it is made where a path says, which must be free and no part of the node's own files", async () => {
  const node = start(["serve", "--port", "0"]);
  const port = await node.ready();
  const path = join(node.directory, "backups/deep/monday");
  expect(await checkpoint(port, [path])).toMatchObject({ exitCode: 0, output: `${path}\n` });
  const again = await checkpoint(port, [path]);
  expect(again).toMatchObject({ exitCode: 1, output: "" });
  expect(again.errors).toBe(`kvorum: no checkpoint: the node says: ERR ${path} is not empty\n`);
  for (const inside of ["data/log/x", "data/tables", "data/x/y"]) {
    const { exitCode, errors } = await checkpoint(port, [join(node.directory, inside)]);
    expect(exitCode).toBe(1);
    expect(errors).toContain("is inside the data directory");
  }
  mkdirSync(join(node.directory, "file-parent"));
  writeFileSync(join(node.directory, "file-parent/file"), "x");
  const onFile = await checkpoint(port, [join(node.directory, "file-parent/file/x")]);
  expect(onFile.errors).toMatch(/^kvorum: no checkpoint: the node says: IO \w+ .*ENOTDIR/);
});

test("the password comes from the environment, a file or a flag; a wrong one is told as such", async () => {
  const node = start(["serve", "--port", "0", "--password", "right"]);
  const port = await node.ready();
  expect(await checkpoint(port)).toMatchObject({
    exitCode: 1,
    errors:
      "kvorum: no checkpoint: the node wants a password: KVORUM_PASSWORD, --password-file or --password\n",
  });
  expect(await checkpoint(port, ["--password", "wrong"])).toMatchObject({
    exitCode: 1,
    errors: "kvorum: no checkpoint: the node does not take this password\n",
  });
  const named = await checkpoint(port, [], { environment: { KVORUM_PASSWORD: "right" } });
  expect(named.output).toMatch(/\/data\/checkpoints\/at-[-\dT.]+Z\n$/);
  const file = join(node.directory, "secret");
  writeFileSync(file, "right\n");
  expect((await checkpoint(port, ["--password-file", file])).exitCode).toBe(0);
});

test("where nobody listens, or nothing is on disk, it says so", async () => {
  const node = start(["serve", "--port", "0", "--storage", "memory"]);
  const port = await node.ready();
  expect((await checkpoint(port)).errors).toBe(
    "kvorum: no checkpoint: the node says: ERR nothing is on disk: this node runs with storage memory\n",
  );
  expect(await checkpoint(1)).toEqual({
    exitCode: 1,
    output: "",
    errors: `kvorum: no checkpoint by the node at 127.0.0.1:1: nobody listens there; is it running? See --host and --port\n`,
  });
  expect((await checkpoint(99_999)).exitCode).toBe(2);
});
