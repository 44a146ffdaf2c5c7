/** Runs the commands of grammar/tool-request.ts. */
import type { Runtime } from "../runtime/runtime.ts";
import type { CrewRuntime } from "./bench/load-crew.ts";
import { doctor } from "./doctor/doctor.ts";
import type { ToolRequest } from "./grammar/tool-request.ts";
import { hotKeys } from "./key/hot-keys.ts";
import { key } from "./key/key.ts";
import type { AskedNode } from "./node-question.ts";
import { nodes } from "./nodes/nodes.ts";
import { type LineSource, prompt } from "./prompt/prompt.ts";
import { type Screen, top } from "./top/top.ts";

export interface ToolOutput {
  writeOutput(text: string | Uint8Array): void;
  writeError(text: string): void;
  /** True if standard error is a terminal. */
  readonly showsProgress: boolean;
  /** Whether colours are welcome on standard output. */
  readonly isColoured: boolean;
  /** True if standard output is a terminal. */
  readonly isTerminal: boolean;
  /** The terminal as a whole, or what stands for it. */
  screen(): Screen;
  /** Standard input, line by line. */
  lineSource(disk: Runtime["disk"]): LineSource;
}

/** `CrewRuntime`: of bench. */
export type ToolRuntime = Runtime & CrewRuntime;

/** Resolves to the exit code. Rejects with SettingsError. */
export async function runTool(
  runtime: ToolRuntime,
  { node, request }: { readonly node: AskedNode; readonly request: ToolRequest },
  output: ToolOutput,
): Promise<number> {
  switch (request.tool) {
    case "bench": {
      const { bench } = await import("./bench/bench.ts"); // its histograms take long to load
      return bench(runtime, { node, words: request.words }, output);
    }
    case "nodes":
      return nodes(runtime, { node, json: request.json }, output);
    case "doctor":
      return doctor(runtime, { node, json: request.json }, output);
    case "key":
      return key(runtime, { node, request: request.request }, output);
    case "top":
      return top(runtime, { node, interval: request.interval, json: request.json }, output.screen(), output);
    case "prompt":
      return prompt(
        runtime.network,
        { node, words: request.words, json: request.json },
        output.lineSource(runtime.disk),
        output,
      );
    case "hotkeys":
      return hotKeys(runtime.network, { node, words: request.words }, output);
  }
}
