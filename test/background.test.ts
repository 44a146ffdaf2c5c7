/** Background work on real threads: from the built package, since threads cannot load its sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { taskOf, testBackground } from "../src/runtime/background.contract.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { ROOT } from "./source-file.ts";

const built: { createNodejsRuntime(): Runtime } = await import(
  join(ROOT, "dist/runtime/nodejs/nodejs-runtime.js")
);

testBackground("nodejs background, on threads", async (body) => {
  const { background } = built.createNodejsRuntime();
  await body(background, (promise) => promise);
  await background.close();
});

test("a thread that ends early fails its task, and the next task gets another", async () => {
  const { background } = built.createNodejsRuntime();
  const die = taskOf<string, void>("async () => { process.exit(3); }");
  const thread = taskOf<string, number>("async () => (await import('node:worker_threads')).threadId");
  await expect(background.run(die, "")).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
  expect(await background.run(thread, "")).toBeGreaterThan(0);
  await background.close();
});

test.runIf(process.platform === "linux")(
  "a thread steps back behind the one that answers, and alone",
  async () => {
    const { background } = built.createNodejsRuntime();
    const nicenessOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    const stat = "(await import('node:fs')).readFileSync('/proc/thread-self/stat', 'utf8')";
    const own = nicenessOf(readFileSync(`/proc/${process.pid}/stat`, "utf8"));
    const theirs = nicenessOf(await background.run(taskOf<string, string>(`async () => ${stat}`), ""));
    expect(theirs).toBe(Math.min(own + 5, 19));
    expect(nicenessOf(readFileSync(`/proc/${process.pid}/stat`, "utf8"))).toBe(own);
    await background.close();
  },
);

test.runIf(process.platform === "linux")(
  "processor time of threads is told while they work and rest",
  async () => {
    const { background } = built.createNodejsRuntime();
    expect(background.usage!().cpuMs).toBe(0);
    const work = taskOf<string, number>("async () => { let n = 0; while (n < 1e8) n++; return n; }");
    await background.run(work, "");
    const before = background.usage!().cpuMs!;
    expect(before).toBeGreaterThan(10);
    await background.run(work, "");
    expect(background.usage!().cpuMs!).toBeGreaterThan(before + 10);
    await background.close();
  },
);
