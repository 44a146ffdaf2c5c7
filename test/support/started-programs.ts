import { afterEach } from "vitest";
import { RunningKvorum, type RunOptions } from "./running-kvorum.ts";

/** Starts `kvorum` with these arguments; what still runs when a test is over is killed. Call once in a test's file. */
export function programStarter(): (args: readonly string[], options?: RunOptions) => RunningKvorum {
  const running: RunningKvorum[] = [];
  afterEach(async () => {
    for (const program of running) program.signal("SIGKILL");
    await Promise.all(running.splice(0).map((program) => program.end()));
  });
  return (args, options) => {
    const program = new RunningKvorum(args, options);
    running.push(program);
    return program;
  };
}
