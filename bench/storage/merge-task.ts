/** Merges tables of plain cells; found by worker threads. */
import { createMergeTask } from "../../src/storage/lsm/engine/table-merge.ts";
import { plainTraits } from "./plain-cells.ts";

export const task = createMergeTask(plainTraits, import.meta.url);
