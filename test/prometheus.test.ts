/** A real Prometheus scrapes three nodes, and takes the alert rules. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../bench/peers/free-port.ts";
import { ROOT } from "./source-file.ts";
import { RealCluster } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { RawClient } from "./support/raw-client.ts";

const RULES = join(ROOT, "deploy/prometheus/kvorum-alerts.yml");
const TOKEN = "for-tests";
const hasPrometheus = spawnSync("prometheus", ["--version"]).error === undefined;
if (!hasPrometheus)
  console.warn("no prometheus (apt-get install prometheus): nothing is scraped by a real one");

let stop: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of stop.reverse()) await one();
  stop = [];
});

test.runIf(hasPrometheus)(
  "scrapes three nodes, asks them what the dashboard asks, and loads the alerts",
  async () => {
    const cluster = await RealCluster.start(3, {
      options: ["--storage", "memory", "--admin-token", TOKEN],
    });
    stop.push(() => cluster.close());
    const client = await RawClient.connect(cluster.nodes[0]!.port);
    for (let i = 0; i < 20; i++) await client.call("SET", `k${i}`, "v");
    client.close();
    const query = await startPrometheus(cluster.nodes.map(({ adminPort }) => adminPort));

    await until(
      "all three are scraped",
      async () => (await query("up")).filter((sample) => sample === 1).length === 3,
    );
    await until("they have told how many keys they have", async () => {
      const keys = await query('sum by (instance) (kvorum_keys{database="0"})');
      return keys.length === 3 && keys.every((count) => count === 20);
    });
    expect(await query('kvorum_members{state="up"}')).toEqual([3, 3, 3]);
    expect((await query('sum(kvorum_commands_total{command="set"})'))[0]).toBeGreaterThanOrEqual(20);

    const groups = await query.rules();
    const loaded = groups.flatMap(({ rules }) => rules);
    expect(loaded.map(({ name }) => name).sort()).toEqual(
      Array.from(readFileSync(RULES, "utf8").matchAll(/- alert: (\w+)/g), ([, name]) => name).sort(),
    );
    await until("every rule has been tried, and is sound", async () =>
      (await query.rules()).flatMap(({ rules }) => rules).every(({ health }) => health === "ok"),
    );
  },
);

interface RuleGroup {
  readonly rules: readonly { readonly name: string; readonly health: string }[];
}

/** Resolves when it answers: to what asks it for the values of an expression. */
async function startPrometheus(targets: readonly number[]) {
  const directory = mkdtempSync(join(tmpdir(), "kvorum-prometheus-"));
  const port = await freePort();
  copyFileSync(RULES, join(directory, "kvorum-alerts.yml"));
  writeFileSync(
    join(directory, "prometheus.yml"),
    [
      "global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }",
      "rule_files: [kvorum-alerts.yml]",
      "scrape_configs:",
      `  - { job_name: kvorum, authorization: { credentials: ${TOKEN} }, static_configs: [{ targets: ${JSON.stringify(targets.map((target) => `127.0.0.1:${target}`))} }] }`,
    ].join("\n"),
  );
  const child = spawn("prometheus", [
    `--config.file=${join(directory, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
  ]);
  stop.push(() => end(child, directory));
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return ((await answer.json()) as { data: T }).data;
  };
  await until("Prometheus is ready", async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);
  const query = async (expression: string): Promise<number[]> => {
    const { result } = await ask<{ result: readonly { value: [number, string] }[] }>(
      `/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ value }) => Number(value[1]));
  };
  return Object.assign(query, {
    rules: async (): Promise<readonly RuleGroup[]> =>
      (await ask<{ groups: readonly RuleGroup[] }>("/api/v1/rules")).groups,
  });
}

async function end(child: ChildProcess, directory: string): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "close");
  rmSync(directory, { recursive: true, force: true });
}
