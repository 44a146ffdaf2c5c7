import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { INLINE_MORE } from "./compiler.ts";

test("this Node.js knows what its compiler is told", () => {
  expect(spawnSync(process.execPath, [INLINE_MORE, "--version"]).status).toBe(0);
  expect(spawnSync(process.execPath, [`${INLINE_MORE.split("=")[0]}-or-so=1`, "--version"]).status).not.toBe(
    0,
  );
});
