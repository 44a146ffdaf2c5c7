/** The grammar of `kvorum bench`. */
import type { Command } from "commander";
import { BENCH_DEFAULTS, type BenchWords } from "../bench/bench-plan.ts";
import { WORKLOADS } from "../bench/workload.ts";
import { defineNodeCommand, type NodeCommand } from "./node-command.ts";
import type { ToolActions } from "./tool-request.ts";

const WORKLOAD_LINES = WORKLOADS.map(({ name, summary }) => `  ${name.padEnd(6)}${summary}`).join("\n");

const NOTES = `
Workloads:
${WORKLOAD_LINES}

A closed loop (the default) waits for replies before it asks again, as redis-benchmark does. An
open loop (--rate) asks when requests are due, whatever comes back, as the world does; latencies
count from when they were due. "corrected" says what a closed loop's would have been like that.
Where the client itself was the bound, rather than the servers, it says so: then --threads helps.
It writes keys that begin with "key:" and "num:": do not point it at data you need.

Examples:
  kvorum bench --port 7001
  kvorum bench --nodes 127.0.0.1:7001,127.0.0.1:7002 --workload a,b,c --clients 100
  kvorum bench --workload get -P 16 -n 1_000_000
  kvorum bench --workload a --rate 20000 --duration 1m --json
`;

export function defineBench(command: Command, actions: ToolActions): Command {
  const { workload, clients, pipeline, requests, keys, keyBytes, valueBytes, warmUp, seed } = BENCH_DEFAULTS;
  const shape: NodeCommand = {
    summary: "put a load on running nodes, and measure it",
    description:
      "Puts a load on running nodes, of Kvorum or Redis, and says how many requests they took and how long.",
    options: [
      ["--nodes <addresses>", "nodes to spread the clients over, with commas, instead of --host and --port"],
      ["-w, --workload <names>", `what to ask for, one after another, with commas [${workload}]`],
      ["-c, --clients <number>", `connections, all together [${clients}]`],
      ["-P, --pipeline <number>", `requests that each sends at once [${pipeline}]`],
      ["--threads <number>", "threads to ask with [one for each node named, up to half of the processors]"],
      ["-n, --requests <number>", `how many requests to measure [${requests}, without --duration]`],
      ["--duration <time>", "how long to measure, such as 30s"],
      ["--rate <number>", "an open loop of so many requests each second"],
      ["-r, --keys <number>", `how many records [${keys}]`],
      ["--distribution <name>", "which keys: uniform, zipfian or latest [the workload's own]"],
      ["-d, --value-bytes <size>", `how long values are [${valueBytes}]`],
      ["--key-bytes <number>", `how long keys are [${keyBytes}]`],
      ["--warm-up <time>", `how long to go before measuring [${warmUp}]`],
      ["--no-load", "do not write the records of workloads a to f first: they are there"],
      ["--seed <number>", `another one makes other choices [${seed}]`],
    ],
    notes: NOTES,
    exitCodes: ["everything was answered", "nobody is there, or some requests were refused or lost"],
  };
  return defineNodeCommand(command, shape, ({ options, flags }) =>
    actions.tool({ tool: "bench", words: options as BenchWords }, flags),
  );
}
