/** Dependencies: installed if they are not yet what package-lock.json asks for. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Refusal, ROOT, runCommand, say } from "./child.js";

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;
/** No package needs its install scripts. Retries are short: without a network, npm would be silent for minutes. */
const NPM_FLAGS = [
  "--no-audit",
  "--no-fund",
  "--ignore-scripts",
  "--loglevel=error",
  "--fetch-retry-mintimeout=2000",
  "--fetch-retry-maxtimeout=10000",
];

export async function install() {
  if (isInstalled()) return;
  say("installing dependencies (npm ci); this takes about a minute, once");
  const { command, args } = npm();
  let errors = "";
  const exitCode = await runCommand(command, [...args, "ci", ...NPM_FLAGS], {
    outputTo: process.stderr.fd,
    onErrorOutput: (text) => {
      errors += text;
      process.stderr.write(text);
    },
  });
  if (exitCode !== 0) throw new Refusal(explain(errors));
}

/** True if what npm noted down as installed is what the lockfile asks for, and is made for this machine. */
function isInstalled() {
  const wanted = readPackages("package-lock.json");
  const installed = readPackages("node_modules/.package-lock.json");
  if (wanted === undefined || installed === undefined) return false;
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    const isThere = installed[path] !== undefined;
    if (path !== "" && (isThere ? installed[path].version !== version : !optional)) return false;
  }
  return Object.values(installed).every(runsHere);
}

function readPackages(lockfile) {
  try {
    return JSON.parse(readFileSync(join(ROOT, lockfile), "utf8")).packages;
  } catch {
    // Absent, or left half-written by an installation that was stopped.
    return undefined;
  }
}

/** False for binaries of another system, in a checkout that was copied or mounted from there. */
function runsHere({ os, cpu }) {
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}

/** The npm that runs this script, else the one on the path. */
function npm() {
  const script = process.env.npm_execpath ?? "";
  const isNpm = /^npm-cli\.c?js$/.test(basename(script));
  if (isNpm) return { command: process.execPath, args: [script] };
  return { command: process.platform === "win32" ? "npm.cmd" : "npm", args: [] };
}

function explain(errors) {
  if (!UNREACHABLE.test(errors)) return "could not install the dependencies; npm says why above";
  return [
    "could not reach the npm registry, which the first run needs.",
    "Check the network, then the proxy (npm config get proxy) and the registry (npm config get registry).",
  ].join("\n");
}
