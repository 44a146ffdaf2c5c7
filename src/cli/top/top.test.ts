import { expect, test } from "vitest";
import { CollectedOutput } from "../../../test/support/collected-output.ts";
import { SimCluster } from "../../../test/support/sim-cluster.ts";
import { type Screen, top } from "./top.ts";

class FakeScreen implements Screen {
  readonly isColoured = false;
  readonly isTerminal: boolean;
  readonly shown: (readonly string[])[] = [];
  columns = 160;
  rows = 40;
  press: (key: string) => void = () => undefined;
  resize: () => void = () => undefined;
  isOpen = false;

  constructor(isTerminal: boolean) {
    this.isTerminal = isTerminal;
  }

  size(): { columns: number; rows: number } {
    return this;
  }

  show(lines: readonly string[]): void {
    this.shown.push(lines);
  }

  open({ onKey, onResize }: Parameters<Screen["open"]>[0]): void {
    this.isOpen = true;
    this.press = onKey;
    this.resize = onResize;
  }

  close(): void {
    this.isOpen = false;
  }

  get last(): string {
    return this.shown.at(-1)!.join("\n");
  }
}

async function watching(isTerminal: boolean, json = false) {
  const cluster = await new SimCluster("top", 3).listen();
  const screen = new FakeScreen(isTerminal);
  const sinks = new CollectedOutput();
  const node = { host: cluster.ids[0]!, port: 6379, password: undefined };
  const exitCode = top(cluster.world.runtime("person"), { node, interval: undefined, json }, screen, sinks);
  return { cluster, screen, sinks, exitCode };
}

test("a pipe gets one picture, with rates of the second in which it was taken", async () => {
  const { cluster, screen, exitCode } = await watching(false);
  const client = await cluster.client(cluster.ids[0]!);
  await cluster.world.runFor(200);
  for (let i = 0; i < 20; i++) await cluster.settle(client.call("SET", `k${i}`, "v"));
  expect(await cluster.settle(exitCode)).toBe(0);
  expect(screen.shown).toHaveLength(1);
  expect(screen.last).toMatch(/^cluster sim, epoch 1: 3 members, all up\n[\d,]+ ops\/s, p99 [\d.]+ ms/);
  const [, ops] = /n1:6379 +up +([\d,]+) /.exec(screen.last)!;
  expect(Number(ops)).toBeGreaterThanOrEqual(18);
  expect(screen.last).not.toContain("q quits");
});

test("a terminal sees it go on, whatever dies, until q", async () => {
  const { cluster, screen, exitCode } = await watching(true);
  await cluster.world.runFor(3_500);
  expect(screen.shown.length).toBeGreaterThanOrEqual(3);
  expect(screen.last).toContain("q quits");
  cluster.world.kill(cluster.ids[0]!);
  await cluster.world.runFor(8_000);
  expect(screen.last).toMatch(/n1:6379 .*(DOWN|SILENT)/);
  expect(screen.last).toMatch(/n2:6379 +up /);
  screen.press("x");
  await cluster.world.runFor(1_500);
  expect(screen.isOpen).toBe(true);
  screen.press("q");
  expect(await cluster.settle(exitCode)).toBe(0);
  expect(screen.isOpen).toBe(false);
});

test("when all are gone it keeps the last picture, and says so", async () => {
  const { cluster, screen, exitCode } = await watching(true);
  await cluster.world.runFor(1_500);
  for (const id of cluster.ids) cluster.world.kill(id);
  await cluster.world.runFor(10_000);
  expect(screen.last).toMatch(/\nnobody answers/);
  expect(screen.last).toContain("3 members");
  screen.press("q");
  expect(await cluster.settle(exitCode)).toBe(0);
});

test("what is shown fits the screen, also once that is another size", async () => {
  const { cluster, screen, exitCode } = await watching(true);
  await cluster.world.runFor(500);
  screen.columns = 40;
  screen.rows = 5;
  screen.resize();
  expect(screen.shown.at(-1)!.length).toBeLessThanOrEqual(5);
  for (const line of screen.shown.at(-1)!) expect(line.length).toBeLessThanOrEqual(40);
  screen.press("q");
  await cluster.settle(exitCode);
});

test("nobody there is told at once", async () => {
  const cluster = await new SimCluster("top", 3).listen();
  cluster.world.kill(cluster.ids[0]!);
  const sinks = new CollectedOutput();
  const node = { host: cluster.ids[0]!, port: 6379, password: undefined };
  const screen = new FakeScreen(true);
  const exitCode = top(cluster.world.runtime("person"), { node, interval: "1s", json: false }, screen, sinks);
  expect(await cluster.settle(exitCode)).toBe(1);
  expect(sinks.errors).toContain("kvorum: nothing to show by the node at n1:6379");
  expect(screen.shown).toEqual([]);
});

test("a program gets each node's figures, once", async () => {
  const { cluster, screen, sinks, exitCode } = await watching(true, true);
  expect(await cluster.settle(exitCode)).toBe(0);
  expect(screen.shown).toEqual([]);
  expect(JSON.parse(sinks.output)).toMatchObject([{ up: true }, { up: true }, { up: true }]);
});
