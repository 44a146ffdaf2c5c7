import { beforeEach, describe, expect, test } from "vitest";
import { SimCluster } from "../../../test/support/sim-cluster.ts";
import { SimServer } from "../../../test/support/sim-server.ts";
import { utf8 } from "../../base/bytes.ts";
import { silentLogger } from "../../base/logger.ts";
import { EventLog } from "../events/event-log.ts";
import { MetricWatch } from "../metrics/metric-watch.ts";
import type { Server } from "../server.ts";
import { ADMIN_ROUTES, createAdminApp } from "./admin-app.ts";
import { DashboardFiles } from "./dashboard-files.ts";

type Json = Record<string, unknown>;

function adminOf(server: Server, token?: string) {
  const { clock } = server.runtime;
  const events = new EventLog(clock);
  const dashboard = new DashboardFiles(async () => new Map([["index.html", utf8("<!doctype html>")]]));
  const metrics = new MetricWatch(server, undefined);
  const answer = createAdminApp({ server, clock, events, metrics, token, dashboard, logger: silentLogger });
  const ask = (path: string, init?: RequestInit) =>
    answer(new Request(`http://127.0.0.1:8001${path}`, { headers: { host: "127.0.0.1:8001" }, ...init }));
  const json = async (path: string) => (await (await ask(path)).json()) as Json;
  return { ask, json, events, metrics };
}

describe("a node alone", () => {
  let sim: SimServer;
  let server: Server;
  beforeEach(async () => {
    sim = await new SimServer("admin", "in place").listen();
    server = sim.server;
  });

  test("is well, ready, and owns every slot", async () => {
    const { ask, json } = adminOf(server);
    expect((await ask("/healthz")).status).toBe(200);
    expect(await json("/readyz")).toEqual({ ready: true, reasons: [] });
    const status = await json("/api/status");
    expect(status).toMatchObject({
      level: "ok",
      sentence: "One node is up; every key has one copy.",
      move: null,
    });
    expect(status.members).toMatchObject([{ self: true, up: true, suspect: false, phi: null, slots: 16384 }]);
    expect(await json("/api/ring")).toMatchObject({
      slots: 16384,
      members: [{ share: 1, tokens: [] }],
      next: null,
    });
  });

  test("serves the dashboard, shut off from everything but this door", async () => {
    const response = await adminOf(server).ask("/");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("says what is wrong with a request, as JSON", async () => {
    const { ask } = adminOf(server);
    const failed = async (path: string, init?: RequestInit) => {
      const response = await ask(path, init);
      const { error } = (await response.json()) as { error: { code: string } };
      return [response.status, error.code];
    };
    expect(await failed("/nothing")).toEqual([404, "NOT_FOUND"]);
    expect(await failed("/api/events/recent?count=-1")).toEqual([400, "INVALID_REQUEST"]);
    expect(await failed("/api/status", { headers: { host: "evil.example" } })).toEqual([403, "FOREIGN_HOST"]);
  });

  test("with a token, only probes and the dashboard go without", async () => {
    const { ask } = adminOf(server, "secret");
    const statuses = await Promise.all(
      ["/healthz", "/readyz", "/", "/api/status", "/openapi.json"].map(
        async (path) => (await ask(path)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200, 401, 401]);
    const headers = { authorization: "Bearer secret" };
    expect((await ask("/api/status", { headers })).status).toBe(200);
  });

  test("openapi.json tells of every route", async () => {
    const document = await adminOf(server).json("/openapi.json");
    const paths = document.paths as Record<string, Json>;
    expect(document.openapi).toBe("3.1.0");
    for (const { path, method } of ADMIN_ROUTES) {
      expect(paths[path]?.[method]).toMatchObject({ summary: expect.stringMatching(/\.$/) });
    }
  });

  test("metrics tell what clients asked, as text and as series", async () => {
    const client = await sim.client();
    const { ask, json, metrics } = adminOf(server);
    for (let i = 0; i < 3; i++) await sim.settle(client.call("SET", "k", "v"));
    await sim.settle(client.call("GET", "k"));
    await sim.settle(client.call("NOSUCH"));
    metrics.look();
    const text = await (await ask("/metrics")).text();
    for (const line of [
      'kvorum_commands_total{command="set"} 3',
      'kvorum_command_duration_seconds_bucket{family="write",le="+Inf"} 3',
      'kvorum_command_duration_seconds_count{family="read"} 1',
      'kvorum_errors_total{code="ERR"} 1',
      'kvorum_keys{database="0"} 1',
      'kvorum_evicted_keys_total{keyspace="default"} 0',
    ])
      expect(text.split("\n")).toContain(line);
    const summary = (await json("/api/metrics/summary")) as { latencyMs: object; connections: number };
    expect(Object.keys(summary.latencyMs).sort()).toEqual(["read", "write"]);
    expect(summary).toMatchObject({ connections: 1, hitRate: 1, hints: { pending: 0 }, compaction: null });
    metrics.look();
    const { series } = (await json("/api/metrics/history")) as { series: Record<string, number[]> };
    expect(series.times).toHaveLength(2);
    expect((await json("/api/metrics/history?seconds=1")) as object).toMatchObject({ series: { p50: [0] } });
  });

  test("events come as they happen, after those that were missed", async () => {
    const { ask, json, events } = adminOf(server);
    const tell = (text: string) => events.add({ kind: "topology", level: "ok", text });
    tell("one");
    tell("two");
    expect(await json("/api/events/recent?count=1")).toMatchObject([{ id: 2, text: "two" }]);
    const headers = { host: "127.0.0.1:8001", "last-event-id": "1" };
    const reader = (await ask("/api/events", { headers })).body!.getReader();
    const read = async () => Buffer.from((await reader.read()).value!).toString();
    expect(await read()).toMatch(
      /^retry: 1000\n\nid: 2\nevent: topology\ndata: \{"id":2,.*"text":"two"\}\n\n$/,
    );
    tell("three");
    expect(await read()).toMatch(/^id: 3\n/);
    await reader.cancel();
    tell("four"); // to nobody
  });
});

describe("keys", () => {
  const change = { host: "127.0.0.1:8001", "x-kvorum-admin": "1" };

  test("mistakes are told, and a password for clients holds here, too", async () => {
    const sim = await new SimServer("mistakes", "in place").listen();
    const { ask } = adminOf(sim.server);
    const post = (path: string, body: unknown) =>
      ask(path, {
        method: "POST",
        headers: change,
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    expect((await ask("/api/key")).status).toBe(400);
    expect((await ask("/api/hotkeys?by=luck")).status).toBe(400);
    expect(await (await ask("/api/hotkeys?by=writes&count=1")).json()).toMatchObject({ keys: [] });
    expect(await (await ask("/api/slowlog")).json()).toEqual([]);
    expect((await post("/api/repair", "no JSON")).status).toBe(409);
    expect((await post("/api/repair", {})).status).toBe(409);
    expect((await post("/api/checkpoint", { name: "../x" })).status).toBe(409);
    sim.server.settings.password = "secret";
    expect((await ask("/api/key?key=a")).status).toBe(403);
    expect((await post("/api/key/resolve", { key: "a", value: "b", context: "x" })).status).toBe(403);
  });
});

describe("one of five nodes", () => {
  test("tells of one that is down", async () => {
    const cluster = await new SimCluster("admin", 5).listen();
    const { json } = adminOf(cluster.server("n1"));
    cluster.down.add("n4");
    const status = await json("/api/status");
    expect(status.level).toBe("warn");
    expect(status.sentence).toMatch(
      /^m-n4 is down: \d\d% of the keys have 2 of their 3 copies; reads and writes go on\.$/,
    );
    const ring = (await json("/api/ring")) as {
      members: { name: string; tokens: number[]; share: number }[];
    };
    expect(ring.members.map(({ name }) => name)).toEqual(["m-n1", "m-n2", "m-n3", "m-n4", "m-n5"]);
    for (const { tokens } of ring.members) expect(tokens).toHaveLength(16);
    expect(ring.members.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    cluster.down.add("n2").add("n3");
    expect(await json("/readyz")).toEqual({ ready: false, reasons: ["only 2 of 5 members are up"] });
  });
});
