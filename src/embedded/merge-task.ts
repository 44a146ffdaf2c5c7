/** Merges tables of stores, on another thread. */
import { createMergeTask } from "../storage/lsm/engine/table-merge.ts";
import { valueTraits } from "./stored-value.ts";

export const task = createMergeTask(valueTraits, import.meta.url);
