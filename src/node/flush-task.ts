/** Memtables become tables: the task as a worker thread finds it. */
import { createFlushTask, type FlushTask } from "../storage/lsm/engine/memtable-flush.ts";
import { cellTraits } from "./cell-rules.ts";

export const task: FlushTask = createFlushTask(cellTraits, import.meta.url);
