import { beforeEach, expect, test } from "vitest";
import { SimCluster } from "../../../../test/support/sim-cluster.ts";
import { toText } from "../../../base/bytes.ts";
import { EventLog } from "../../events/event-log.ts";
import type { Server } from "../../server.ts";
import type { AdminParts } from "../admin-route.ts";
import { callServer } from "../inner-client.ts";
import { KEY_ROUTES } from "./key-routes.ts";

const [show, resolve] = KEY_ROUTES;
let cluster: SimCluster;
let server: Server;

beforeEach(async () => {
  cluster = await new SimCluster("key routes", 3).listen();
  server = cluster.server("n1");
});

function parts(): AdminParts {
  const { clock } = server.runtime;
  return { server, clock, events: new EventLog(clock) } as AdminParts;
}

async function shown(query: string) {
  const request = new Request(`http://127.0.0.1:8001/api/key?${query}`);
  const response = await cluster.settle(Promise.resolve(show!.answer(parts(), request)));
  return (await response.json()) as {
    slot: number;
    replicas: { state: string; version: { siblings: unknown[] } | null }[];
    merged: { context: string; siblings: { value: string }[] };
    identical: boolean;
  };
}

async function post(body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const init = { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
  const request = new Request("http://127.0.0.1:8001/api/key/resolve", init);
  const response = await cluster.settle(Promise.resolve(resolve!.answer(parts(), request)));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const run = (node: string, ...args: string[]) => cluster.settle(callServer(cluster.server(node), args));

test("a conflict is shown as it is on each replica, and settled by one value", async () => {
  await run("n1", "KV.PUT", "cup", "tea");
  await run("n2", "KV.PUT", "cup", "mate");
  const before = await shown("key=cup");
  expect(before.merged.siblings.map(({ value }) => value).sort()).toEqual(["mate", "tea"]);
  expect(before.replicas).toHaveLength(3);
  const { status } = await post({ key: "cup", value: "tea and mate", context: before.merged.context });
  expect(status).toBe(200);
  const after = await shown("key=cup");
  expect(after.merged.siblings.map(({ value }) => value)).toEqual(["tea and mate"]);
  expect(toText((await run("n3", "GET", "cup")) as Uint8Array)).toBe("tea and mate");
});

test("what was written meanwhile stays", async () => {
  await run("n1", "KV.PUT", "cup", "tea");
  const { merged } = await shown("key=cup");
  await run("n2", "KV.PUT", "cup", "mate");
  await post({ key: "cup", value: "cocoa", context: merged.context });
  const { merged: now } = await shown("key=cup");
  expect(now.siblings.map(({ value }) => value).sort()).toEqual(["cocoa", "mate"]);
});

test("a key need not be text", async () => {
  const key = Buffer.from([0, 0xff]).toString("base64");
  const { merged } = await shown(`key=${encodeURIComponent(key)}&encoding=base64`);
  const body = {
    key,
    value: Buffer.from([0xfe]).toString("base64"),
    encoding: "base64",
    context: merged.context,
  };
  expect((await post(body)).status).toBe(200);
  const { merged: now } = await shown(`key=${encodeURIComponent(key)}&encoding=base64`);
  expect(now.siblings).toMatchObject([{ value: "/g==", valueEncoding: "base64" }]);
});

test.each([
  ["no context", { key: "cup", value: "tea" }],
  ["no key", { value: "tea", context: "AAAA" }],
  ["no JSON", "cup=tea"],
  ["no object", [1]],
  ["no base64", { key: "%", encoding: "base64", value: "", context: "" }],
])("%s: refused, with nothing done", async (_, body) => {
  await expect(post(body)).rejects.toMatchObject({ status: 400, code: "INVALID_REQUEST" });
});

test("a context that is none is the caller's mistake; a missing quorum is not", async () => {
  const { merged } = await shown("key=cup");
  const mistake = await post({ key: "cup", value: "tea", context: "nonsense" });
  expect(mistake).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST" } } });
  cluster.down.add("n2").add("n3");
  const refused = await post({ key: "cup", value: "tea", context: merged.context });
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject({ error: { message: expect.stringContaining("NOTAPPLIED") } });
});
