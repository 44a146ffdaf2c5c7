/** Child processes of the scripts. Those here are plain JavaScript: they run before anything is installed. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Programs that come with the dependencies, to be run by this same Node.js. */
export const TOOLS = {
  biome: join(ROOT, "node_modules/@biomejs/biome/bin/biome"),
  tsc: join(ROOT, "node_modules/typescript/bin/tsc"),
  vite: join(ROOT, "node_modules/vite/bin/vite.js"),
  vitest: join(ROOT, "node_modules/vitest/vitest.mjs"),
};

/** A failure that its message explains: no stack trace needed. */
export class Refusal extends Error {}

/** Standard output belongs to what a script runs; its own remarks go to standard error. */
export function say(message) {
  process.stderr.write(`kvorum: ${message}\n`);
}

/**
 * Runs `script` in this Node.js, passing signals on. Resolves to its exit code.
 * `onErrorOutput`, if given, gets what the child writes to standard error.
 */
export function runScript(script, args, options) {
  return runCommand(process.execPath, [script, ...args], options);
}

export async function runCommand(command, args, { outputTo = "inherit", onErrorOutput } = {}) {
  const errorsTo = onErrorOutput === undefined ? "inherit" : "pipe";
  const child = spawn(command, args, { cwd: ROOT, stdio: ["inherit", outputTo, errorsTo] });
  const pass = (signal) => child.kill(signal);
  process.on("SIGINT", pass);
  process.on("SIGTERM", pass);
  child.stderr?.setEncoding("utf8").on("data", onErrorOutput);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 1));
    });
  } finally {
    process.off("SIGINT", pass);
    process.off("SIGTERM", pass);
  }
}
