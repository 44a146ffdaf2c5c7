/** The grammar of `kvorum bench`. */
import type { Command } from "commander";
import { BENCH_DEFAULTS, type BenchWords } from "../bench/bench-plan.ts";
import { WORKLOADS } from "../bench/workload.ts";
import { addNodeOptions } from "./node-options.ts";
import type { ToolActions } from "./tool-request.ts";

const WORKLOAD_LINES = WORKLOADS.map(({ name, summary }) => `  ${name.padEnd(6)}${summary}`).join("\n");

const EPILOGUE = `
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

Exit codes:
  0  everything was answered
  1  nobody is there, or some requests were refused or lost
  2  asked wrongly`;

export function defineBench(command: Command, actions: ToolActions): Command {
  const { workload, clients, pipeline, requests, keys, keyBytes, valueBytes, warmUp, seed } = BENCH_DEFAULTS;
  command
    .summary("put a load on running nodes, and measure it")
    .description(
      "Puts a load on running nodes, of Kvorum or Redis, and says how many requests they took and how long.",
    )
    .option(
      "--nodes <addresses>",
      "nodes to spread the clients over, with commas, instead of --host and --port",
    )
    .option("-w, --workload <names>", `what to ask for, one after another, with commas [${workload}]`)
    .option("-c, --clients <number>", `connections, all together [${clients}]`)
    .option("-P, --pipeline <number>", `requests that each sends at once [${pipeline}]`)
    .option(
      "--threads <number>",
      "threads to ask with [one for each node named, up to half of the processors]",
    )
    .option("-n, --requests <number>", `how many requests to measure [${requests}, without --duration]`)
    .option("--duration <time>", "how long to measure, such as 30s")
    .option("--rate <number>", "an open loop of so many requests each second")
    .option("-r, --keys <number>", `how many records [${keys}]`)
    .option("--distribution <name>", "which keys: uniform, zipfian or latest [the workload's own]")
    .option("-d, --value-bytes <size>", `how long values are [${valueBytes}]`)
    .option("--key-bytes <number>", `how long keys are [${keyBytes}]`)
    .option("--warm-up <time>", `how long to go before measuring [${warmUp}]`)
    .option("--no-load", "do not write the records of workloads a to f first: they are there")
    .option("--seed <number>", `another one makes other choices [${seed}]`)
    .option("--json", "print one line of JSON");
  const flagsOf = addNodeOptions(command);
  return command
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EPILOGUE)
    .action((given: Record<string, unknown>) =>
      actions.tool({ tool: "bench", words: given as BenchWords }, flagsOf(given)),
    );
}
