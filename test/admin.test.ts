/** The admin door of real nodes: where it opens, and that it does not stand in the way of anything. */
import { expect, onTestFinished, test } from "vitest";
import { ask, RunningKvorum } from "./support/running-kvorum.ts";

/** Resolves once it accepts connections. */
async function serve(...args: string[]) {
  const running = new RunningKvorum(["serve", "--storage", "memory", ...args]);
  onTestFinished(async () => {
    running.signal("SIGTERM");
    await running.end();
  });
  return { running, port: await running.ready() };
}

async function adminPortOf(running: RunningKvorum): Promise<number> {
  const line = await running.said(/\{[^\n]*"msg":"the admin door is open"[^\n]*\n/);
  return (JSON.parse(line[0]) as { port: number }).port;
}

test("a node says how it is, and a stop ends streams of events", async () => {
  const running = new RunningKvorum(["serve", "--storage", "memory", "--port", "0"]);
  const port = await running.ready();
  const base = `http://127.0.0.1:${await adminPortOf(running)}`;
  expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ ready: true, reasons: [] });
  const status = await (await fetch(`${base}/api/status`)).json();
  expect(status).toMatchObject({
    level: "ok",
    members: [{ self: true, port, adminPort: Number(base.slice(17)) }],
  });
  const events = (await fetch(`${base}/api/events`)).body!.getReader();
  expect(Buffer.from((await events.read()).value!).toString()).toContain("retry:");
  running.signal("SIGTERM");
  expect((await running.end()).exitCode).toBe(0);
});

test("off opens none; without a wish, a port that is taken is gone without; with one, it is refused", async () => {
  const off = await serve("--port", "0", "--admin-port", "off");
  expect(off.running.errors).not.toContain("admin door");
  const first = await serve("--port", "0");
  const taken = await adminPortOf(first.running);
  const second = await serve("--port", `${taken - 1000}`);
  await second.running.said(/the admin door cannot be opened/);
  expect(await ask(second.port, "PING")).toBe("+PONG\r\n");
  const third = new RunningKvorum([
    "serve",
    "--storage",
    "memory",
    "--port",
    "0",
    "--admin-port",
    `${taken}`,
  ]);
  const { exitCode, errors } = await third.end();
  expect(exitCode).toBe(1);
  expect(errors).toContain("kvorum: cannot start: the admin door cannot be opened");
});

test("with a token, nobody else learns anything", async () => {
  const running = new RunningKvorum(["serve", "--storage", "memory", "--port", "0"], {
    environment: { KVORUM_ADMIN_TOKEN: "sesame", KVORUM_ADMIN_HOST: "0.0.0.0" },
  });
  await running.ready();
  const base = `http://127.0.0.1:${await adminPortOf(running)}`;
  const headers = { authorization: "Bearer sesame" };
  expect((await fetch(`${base}/api/status`)).status).toBe(401);
  expect((await fetch(`${base}/api/status`, { headers })).status).toBe(200);
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  running.signal("SIGTERM");
  const { errors } = await running.end();
  expect(errors).not.toContain("sesame");
});
