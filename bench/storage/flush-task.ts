/** Flushes plain cells; found by worker threads. */
import { createFlushTask } from "../../src/storage/lsm/engine/memtable-flush.ts";
import { plainTraits } from "./plain-cells.ts";

export const task = createFlushTask(plainTraits, import.meta.url);
