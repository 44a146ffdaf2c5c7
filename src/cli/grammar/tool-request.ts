/** Commands that look at a running node or work with it: what each is asked for. */
import type { BenchWords } from "../bench/bench-plan.ts";
import type { HotKeysWords } from "../key/hot-keys.ts";
import type { KeyRequest } from "../key/key.ts";

export type ToolRequest =
  | { readonly tool: "bench"; readonly words: BenchWords }
  | { readonly tool: "nodes"; readonly json: boolean }
  | { readonly tool: "doctor"; readonly json: boolean }
  | { readonly tool: "key"; readonly request: KeyRequest }
  /** `interval`: as the user wrote it, if so. */
  | { readonly tool: "top"; readonly interval: string | undefined; readonly json: boolean }
  | { readonly tool: "prompt"; readonly words: readonly string[]; readonly json: boolean }
  | { readonly tool: "hotkeys"; readonly words: HotKeysWords };

export interface ToolActions {
  /** `flags`: as of `serve`; they say where a node is. */
  tool(request: ToolRequest, flags: ReadonlyMap<string, string>): Promise<void>;
}
