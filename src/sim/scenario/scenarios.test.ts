/** The scenarios of test/testdata/ must come to what is written in them, twice alike. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runScenario, surpriseText } from "./scenario-run.ts";

const FOLDERS = ["scenarios", "regressions"].map(
  (name) => new URL(`../../../test/testdata/${name}/`, import.meta.url),
);
/** Some play a cluster's day: half a minute of a busy machine. */
const STORY_MS = 180_000;
const IS_REWRITTEN = process.env.KVORUM_REWRITE !== undefined;

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .map((name) => ({ name, url: new URL(name, folder) })),
);

test.each(files)("$name", { timeout: STORY_MS }, async ({ url }) => {
  const text = readFileSync(url, "utf8");
  const result = await runScenario(text);
  if (IS_REWRITTEN) writeFileSync(url, result.text);
  else expect(result.surprises.map(surpriseText).join("\n")).toBe("");
});
