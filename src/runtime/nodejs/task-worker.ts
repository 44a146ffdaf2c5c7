/** The other end of background.ts: one thread that runs the tasks it is given, one after the other. */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { assert } from "../../base/assert.ts";
import type { BackgroundTask, TaskRuntime } from "../runtime.ts";
import { createNodejsClock } from "./clock.ts";
import { createNodejsDisk } from "./disk.ts";
import { encodeFailure, type TaskAnswer, type TaskOrder, type TaskThreadBegun } from "./task-message.ts";

/** As of nice(1): where processors are short, this thread gets a third of what the one gets that answers requests. */
const NICENESS = 5;
const NICENESS_MAX = 19;

const runtime: TaskRuntime = { clock: createNodejsClock(), disk: createNodejsDisk() };
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
  if (process.platform !== "linux") return;
  try {
    setPriority(Math.min(getPriority() + NICENESS, NICENESS_MAX));
  } catch {
    // Where that is not allowed, the work is done all the same.
  }
}
