import { expect, test } from "vitest";
import { SettingsError } from "../settings-loader.ts";
import { type BenchWords, benchPlan } from "./bench-plan.ts";

const NODE = { host: "127.0.0.1", port: 6379, password: "p" };
const HOST = { processorCount: 8 };

function problemsOf(words: BenchWords): readonly string[] {
  try {
    benchPlan(words, NODE, HOST);
    return [];
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    return cause.problems;
  }
}

test("without words it is what redis-benchmark does, at one node", () => {
  const { workloads, load, keys } = benchPlan({}, NODE, HOST);
  expect(workloads.map(({ name }) => name)).toEqual(["set", "get"]);
  expect(load).toMatchObject({
    clients: 50,
    pipeline: 1,
    rate: undefined,
    requests: 100_000,
    durationMs: undefined,
  });
  expect(load).toMatchObject({ password: "p", nodes: [{ host: "127.0.0.1", port: 6379 }] });
  expect(keys).toBe(100_000);
});

test("words become numbers, times, sizes and addresses", () => {
  const { workloads, load } = benchPlan(
    {
      nodes: "a:1,[::1]:2",
      workload: "A, b",
      duration: "5m",
      rate: "1_000",
      valueBytes: "4kb",
      distribution: "uniform",
    },
    NODE,
    HOST,
  );
  expect(workloads.map(({ name, distribution }) => [name, distribution])).toEqual([
    ["a", "uniform"],
    ["b", "uniform"],
  ]);
  expect(load.nodes).toEqual([
    { host: "a", port: 1 },
    { host: "::1", port: 2 },
  ]);
  expect(load).toMatchObject({
    durationMs: 300_000,
    requests: undefined,
    rate: 1_000,
    sizes: { valueBytes: 4_096 },
  });
});

test("all that is wrong is told at once, with what was probably meant", () => {
  expect(
    problemsOf({
      clients: "0",
      duration: "5",
      keyBytes: "3",
      nodes: "a",
      workload: "gte,zzz",
      rate: "1",
      pipeline: "2",
    }),
  ).toEqual([
    '--nodes must be addresses with commas, such as 127.0.0.1:7001,127.0.0.1:7002, but is "a"',
    '--clients must be a whole number from 1 to 10000, but is "0"',
    '--duration must be a duration, such as 500ms, 30s or 5m, but is "5"',
    '--key-bytes must be a whole number from 14 to 65536, but is "3"',
    "--pipeline is of a closed loop; with --rate, what is due is sent at once",
    '--workload: there is no "gte"; did you mean get?',
    '--workload: there is no "zzz"; there are set, get, incr, ping, a, b, c, d, e, f',
  ]);
  expect(problemsOf({ distribution: "zipf" })).toEqual([
    '--distribution: there is no "zipf"; there are uniform, zipfian, latest',
  ]);
});

test("there is a thread for each node, as long as half of the processors are left, and never one without a client", () => {
  const threads = (words: BenchWords, processorCount = 8): number =>
    benchPlan(words, NODE, { processorCount }).threadCount;
  const nodes = "a:1,b:1,c:1";
  expect([threads({}), threads({ nodes }), threads({ nodes }, 4), threads({ nodes }, 1)]).toEqual([
    1, 3, 2, 1,
  ]);
  expect([threads({ threads: "6" }), threads({ threads: "6", clients: "4" })]).toEqual([6, 4]);
  expect(problemsOf({ threads: "0" })).toEqual([
    '--threads must be a whole number from 1 to 256, but is "0"',
  ]);
});
