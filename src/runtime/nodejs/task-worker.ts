/** The other end of background.ts: one thread that runs the tasks it is given, one after the other. */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../base/assert.ts";
import type { BackgroundTask, TaskRuntime } from "../runtime.ts";
import { createNodejsClock } from "./clock.ts";
import { createNodejsDisk } from "./disk.ts";
import { createNodejsNetwork } from "./network.ts";
import { encodeFailure, type TaskAnswer, type TaskOrder, type TaskThreadBegun } from "./task-message.ts";

const NICENESS_MAX = 19;

const { niceness }: { readonly niceness: number } = workerData;
const runtime: TaskRuntime = {
  clock: createNodejsClock(),
  disk: createNodejsDisk(),
  network: createNodejsNetwork(),
};
const port = parentPort;
assert(port !== null, "a worker's module runs in a worker");
stepBack();
port.postMessage({ kind: "begun", clockPath: clockPath() } satisfies TaskThreadBegun);
port.on("message", async (order: TaskOrder) => port.postMessage(await answer(order)));

async function answer({ moduleUrl, input }: TaskOrder): Promise<TaskAnswer> {
  try {
    const { task }: { task: BackgroundTask<unknown, unknown> } = await import(moduleUrl);
    return { kind: "output", output: await task.run(runtime, input) };
  } catch (cause) {
    return encodeFailure(cause);
  }
}

/** Only the thread itself knows its number. */
function clockPath(): string | undefined {
  try {
    return `/proc/${readlinkSync("/proc/thread-self")}/schedstat`;
  } catch {
    return undefined;
  }
}

/** Linux has priorities of threads; elsewhere this one's would be that of the whole program. */
function stepBack(): void {
  if (process.platform !== "linux" || niceness === 0) return;
  try {
    setPriority(Math.min(getPriority() + niceness, NICENESS_MAX));
  } catch {
    // Where that is not allowed, the work is done all the same.
  }
}
