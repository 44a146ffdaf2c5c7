/** Commands that look at a running node or work with it: what each is asked for. */
import type { BenchWords } from "../bench/bench-plan.ts";

export type ToolRequest = { readonly tool: "bench"; readonly words: BenchWords };

export interface ToolActions {
  /** `flags`: as of `serve`; they say where a node is. */
  tool(request: ToolRequest, flags: ReadonlyMap<string, string>): Promise<void>;
}
