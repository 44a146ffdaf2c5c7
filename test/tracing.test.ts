/** Traces of requests to real nodes: as a collector gets them, and as KV.TRACE tells them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../bench/peers/free-port.ts";
import type { TraceStatus } from "../src/server/commands/kv-trace.ts";
import type { OtlpAttribute, OtlpSpan } from "../src/server/tracing/otlp-json.ts";
import { RealCluster } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { RawClient } from "./support/raw-client.ts";
import { RunningKvorum } from "./support/running-kvorum.ts";

interface CollectedSpan extends OtlpSpan {
  /** Id of the node that has sent it. */
  readonly node: string;
}

interface Body {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const collected: CollectedSpan[] = [];
const collector = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as Body;
    for (const { resource, scopeSpans } of resourceSpans) {
      const node = resource.attributes.find(({ key }) => key === "service.instance.id")!.value.stringValue;
      for (const { spans } of scopeSpans) for (const span of spans) collected.push({ ...span, node });
    }
    response.end("{}");
  });
});
let cluster: RealCluster;

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const { port } = collector.address() as AddressInfo;
  const endpoint = ["--trace-endpoint", `http://127.0.0.1:${port}/v1/traces`, "--trace-sample", "0"];
  // Of four nodes, one keeps no copy of a key.
  cluster = await RealCluster.start(4, { options: ["--fsync", "always", ...endpoint] });
});
afterAll(async () => {
  await cluster.close();
  collector.close();
});

async function traceAt(client: RawClient, ...call: string[]): Promise<TraceStatus> {
  const reply = (await client.call("KV.TRACE", ...call)).toString();
  return JSON.parse(reply.slice(reply.indexOf("\r\n") + 2)) as TraceStatus;
}

/** A key of which the node that the client talks to keeps no copy. */
async function keyElsewhere(client: RawClient): Promise<string> {
  for (let i = 0; ; i++) if (!(await traceAt(client, "GET", `key ${i}`)).keptHere) return `key ${i}`;
}

test("the spans of all nodes that a request concerns are one trace, below its client's span", async () => {
  const client = await RawClient.connect(cluster.nodes[0]!.port);
  const key = await keyElsewhere(client);
  const [traceId, parentId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const parent = (flags: string) => ["TRACEPARENT", `00-${traceId}-${parentId}-${flags}`, "--"];
  expect((await client.call("KV.WITH", ...parent("00"), "SET", key, "unsampled")).toString()).toBe("+OK\r\n");
  expect((await client.call("KV.WITH", ...parent("01"), "SET", key, "value")).toString()).toBe("+OK\r\n");
  expect((await client.call("KV.WITH", "TRACEPARENT", "what", "--", "GET", key)).toString()).toMatch(
    /^-ERR what is no traceparent/,
  );
  client.close();
  const named = (name: string): readonly CollectedSpan[] => collected.filter((span) => span.name === name);
  await until("all spans have come", async () => {
    return named("SET").length > 0 && named("forward").length >= 2 && named("write to a replica").length >= 4;
  });
  expect(new Set(collected.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(named("SET")).toMatchObject([{ parentSpanId: parentId, kind: 2 }]);
  const byId = new Map(collected.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(collected.length);
  for (const { name, parentSpanId, startTimeUnixNano, endTimeUnixNano } of collected) {
    expect(name === "SET" || byId.has(parentSpanId!), name).toBe(true);
    expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
  }
  const asked = named("forward").find(({ kind }) => kind === 3)!;
  const served = named("forward").find(({ kind }) => kind === 2)!;
  expect(served.parentSpanId).toBe(asked.spanId);
  expect(served.node).not.toBe(asked.node);
  expect(served.node).toBe(
    asked.attributes.find(({ key: name }) => name === "kvorum.node.id")!.value.stringValue,
  );
  const replicas = named("write to a replica").filter(({ kind }) => kind === 2);
  expect(new Set(replicas.map(({ node }) => node)).size).toBe(2);
  for (const { spanId, node } of [served, ...replicas])
    expect(named("disk").some((span) => span.parentSpanId === spanId && span.node === node)).toBe(true);
});

test("KV.TRACE tells what other nodes did for a request that was passed on, down to their disks", async () => {
  const client = await RawClient.connect(cluster.nodes[0]!.port);
  const key = await keyElsewhere(client);
  const { steps, totalUs, error } = await traceAt(client, "SET", key, "value");
  client.close();
  expect(error).toBeNull();
  const shown = steps.map(({ depth, step }) => `${depth} ${step}`);
  expect(shown.slice(0, 3)).toEqual(["0 local", "0 forward", "1 local"]);
  expect(shown.slice(3)).toContain("1 disk");
  expect(shown.filter((text) => text === "1 write to a replica")).toHaveLength(2);
  // The answer that came first has what its replica did; the other may have come too late to be told of.
  expect(shown.slice(3)).toContain("2 disk");
  const [local, forward] = steps;
  expect(forward!.node).not.toBe(local!.node);
  expect(steps[2]!.node).toBe(forward!.node);
  expect(forward!.tookUs).toBeLessThanOrEqual(totalUs);
  for (const { startUs } of steps) expect(startUs).toBeLessThan(totalUs);
});

test("a node whose collector is gone goes on, and counts what it drops", async () => {
  const endpoint = ["--trace-endpoint", `http://127.0.0.1:${await freePort()}/`, "--trace-sample", "1"];
  const kvorum = new RunningKvorum(["serve", "--port", "0", "--storage", "memory", ...endpoint]);
  const client = await RawClient.connect(await kvorum.ready());
  for (let i = 0; i < 20; i++) expect((await client.call("SET", "k", "v")).toString()).toBe("+OK\r\n");
  const adminPort = Number(/"port":(\d+),"msg":"the admin door is open"/.exec(kvorum.errors)?.[1]);
  await until("its spans are dropped", async () => {
    const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return /^kvorum_trace_spans_total\{result="dropped"\} 20$/m.test(text);
  });
  expect(kvorum.errors).toContain("the collector of traces does not take them");
  client.close();
  kvorum.signal("SIGTERM");
  expect((await kvorum.end()).exitCode).toBe(0);
});
