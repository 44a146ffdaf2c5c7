/** Tables are merged: the task as a worker thread finds it. */
import { createMergeTask, type MergeTask } from "../storage/lsm/engine/table-merge.ts";
import { cellTraits } from "./cell-rules.ts";

export const task: MergeTask = createMergeTask(cellTraits, import.meta.url);
