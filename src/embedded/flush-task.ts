/** Flushes memtables of stores, on another thread. */
import { createFlushTask } from "../storage/lsm/engine/memtable-flush.ts";
import { valueTraits } from "./stored-value.ts";

export const task = createFlushTask(valueTraits, import.meta.url);
