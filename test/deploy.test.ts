/** What is in deploy/: it speaks of metrics that there are, and every alert is explained. */
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ROOT } from "./source-file.ts";

const run = promisify(execFile);
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const RULES = "deploy/prometheus/kvorum-alerts.yml";
const rules = read(RULES);
const dashboard = JSON.parse(read("deploy/grafana/kvorum.json"));
const operations = read("docs/operations.md");

const hasPromtool = spawnSync("promtool", ["--version"]).error === undefined;
if (!hasPromtool) console.warn("no promtool (apt-get install prometheus): alert rules are not tried");

/** Names of metrics in a text, as docs/metrics.md lists them. */
function metricsIn(text: string): readonly string[] {
  const names = text.match(/\b(kvorum|process|nodejs)_[a-z0-9_]+\b/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_bucket$/, "")))];
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
const panels: readonly Panel[] = dashboard.panels;

test("rules and dashboard ask for metrics that nodes serve", () => {
  const served = new Set(
    Array.from(read("docs/metrics.md").matchAll(/^\| `([a-z0-9_]+)` \|/gm), ([, name]) => name),
  );
  expect(served.size).toBeGreaterThan(50);
  const expressions = Array.from(rules.matchAll(/expr: (\|\n(?: {10,}.*\n)+|.*\n)/g), ([, text]) => text!);
  expect(expressions.length).toBe(rules.match(/- alert:/g)!.length);
  const asked = [...expressions, ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))];
  expect(asked.flatMap(metricsIn).filter((name) => !served.has(name))).toEqual([]);
  expect(metricsIn(expressions.join()).length).toBeGreaterThan(15);
});

test("every alert says what it is, how bad, and has its place in docs/operations.md", () => {
  const alerts = Array.from(rules.matchAll(/- alert: (\w+)\n([\s\S]*?)(?=\n {6}- alert|\n\n {2}- name|$)/g));
  const explained = Array.from(operations.matchAll(/^### (Kvorum\w+)$/gm), ([, name]) => name);
  expect(alerts.map(([, name]) => name)).toEqual(explained);
  for (const [, name, body] of alerts) {
    expect(body, name).toMatch(/severity: (critical|warning|info)/);
    expect(body, name).toMatch(/summary: ".+"\n +description: ".+"/);
  }
});

test("panels of the dashboard have ids of their own, and none covers another", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, gridPos: a } of panels) {
    expect(a.x + a.w, title).toBeLessThanOrEqual(24);
    const covered = panels.filter(
      ({ title: other, gridPos: b }) =>
        other !== title && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
    );
    expect(covered.map((panel) => `${panel.title} and ${title}`)).toEqual([]);
  }
});

test.runIf(hasPromtool)("promtool finds the rules sound, and they fire when they should", async () => {
  const directory = join(ROOT, "deploy/prometheus");
  await run("promtool", ["check", "config", join(directory, "prometheus.yml")]);
  const { stdout } = await run("promtool", ["test", "rules", join(directory, "kvorum-alerts-test.yml")]);
  expect(stdout).toContain("SUCCESS");
});

test("containers, unit and chart use settings that there are, and ports that fit together", async () => {
  const { stdout: help } = await run(process.execPath, [join(ROOT, "bin/kvorum.js"), "serve", "--help"]);
  const known = new Set(Array.from(help.matchAll(/^ {2}--([a-z-]+)/gm), ([, name]) => name!));
  const texts = [
    "deploy/docker/Dockerfile",
    "deploy/docker/compose.yaml",
    "deploy/helm/kvorum/templates/statefulset.yaml",
    "deploy/helm/kvorum/templates/configmap.yaml",
  ].map(read);
  const variables = texts.flatMap((text) => text.match(/\bKVORUM_[A-Z_]+\b/g) ?? []);
  const named = variables.map((name) => name.slice("KVORUM_".length).toLowerCase().replaceAll("_", "-"));
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([]);
  const flags = Array.from(
    read("deploy/systemd/kvorum.service")
      .replaceAll(/^#.*$/gm, "")
      .matchAll(/ --([a-z-]+)/g),
    ([, name]) => name!,
  );
  expect(flags.filter((name) => !known.has(name))).toEqual([]);
});
