/** `kvorum status` and `kvorum ring` beside a running node. */
import { createServer } from "node:net";
import { expect, test } from "vitest";
import type { Ending, RunOptions } from "./support/running-kvorum.ts";
import { programStarter } from "./support/started-programs.ts";

const start = programStarter();

const run = (args: readonly string[], options?: RunOptions): Promise<Ending> => start(args, options).end();

test("a node alone says so, and keeps all slots", async () => {
  const port = await start(["serve", "--port", "0", "--storage", "memory"]).ready();
  const status = await run(["status", "--port", `${port}`]);
  expect(status).toMatchObject({ exitCode: 0, errors: "" });
  expect(status.output).toMatch(
    new RegExp(`^A node alone.*\\* .* 127\\.0\\.0\\.1:${port} .* up .*16384`, "s"),
  );
  const json = await run(["status", "--port", `${port}`, "--json"]);
  expect(JSON.parse(json.output)).toMatchObject({
    clusterId: null,
    members: [{ port, self: true, up: true }],
  });
  const ring = await run(["ring", "--port", `${port}`, "--json"]);
  expect(JSON.parse(ring.output).ranges).toEqual([{ start: 0, end: 16383, replicas: [`127.0.0.1:${port}`] }]);
});

test("where nobody listens, a password is wanted, or no node of Kvorum answers, it says so", async () => {
  expect(await run(["status", "--port", "1"])).toEqual({
    exitCode: 1,
    output: "",
    errors:
      "kvorum: no status by the node at 127.0.0.1:1: nobody listens there; is it running? See --host and --port\n",
  });
  const port = await start(["serve", "--port", "0", "--storage", "memory", "--password", "x"]).ready();
  expect((await run(["ring", "--port", `${port}`])).errors).toContain("no ring: the node wants a password");
  const named = await run(["status", "--port", `${port}`], { environment: { KVORUM_PASSWORD: "x" } });
  expect(named.exitCode).toBe(0);
});

test("another program behind the port is told from a node", async () => {
  const stranger = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.end("-ERR unknown command 'KV.STATUS'\r\n"));
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const { port } = stranger.address() as { port: number };
  const { exitCode, errors } = await run(["status", "--port", `${port}`]);
  expect({ exitCode, errors }).toEqual({
    exitCode: 1,
    errors: "kvorum: no status: what listens there is no node of Kvorum\n",
  });
  await new Promise((resolve) => stranger.close(resolve));
});
