/** One thread of a load, as background.ts runs it. */
import type { BackgroundTask } from "../../runtime/runtime.ts";
import { carryOut, type LoadOrder, type LoadReport } from "./load-order.ts";

export const task: BackgroundTask<LoadOrder, LoadReport> = { moduleUrl: import.meta.url, run: carryOut };
