/** The other end of background.ts: one thread that runs the tasks it is given, one after the other. */
import { parentPort } from "node:worker_threads";
import { assert } from "../../base/assert.ts";
import type { BackgroundTask, TaskRuntime } from "../runtime.ts";
import { createNodejsClock } from "./clock.ts";
import { createNodejsDisk } from "./disk.ts";
import { encodeFailure, type TaskAnswer, type TaskOrder } from "./task-message.ts";

const runtime: TaskRuntime = { clock: createNodejsClock(), disk: createNodejsDisk() };
const port = parentPort;
assert(port !== null, "a worker's module runs in a worker");
port.on("message", async (order: TaskOrder) => port.postMessage(await answer(order)));

async function answer({ moduleUrl, input }: TaskOrder): Promise<TaskAnswer> {
  try {
    const { task }: { task: BackgroundTask<unknown, unknown> } = await import(moduleUrl);
    return { kind: "output", output: await task.run(runtime, input) };
  } catch (cause) {
    return encodeFailure(cause);
  }
}
