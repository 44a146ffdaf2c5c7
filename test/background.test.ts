/** Background work on real threads: from the built package, since threads cannot load its sources. */
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
