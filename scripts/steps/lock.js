/** Lets one script at a time prepare the checkout: three nodes may well be started at once. */
import { createHash } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT, say } from "./child.js";

const POLL_MS = 200;
const name = createHash("sha256").update(ROOT).digest("hex").slice(0, 16);
const path = join(tmpdir(), `kvorum-prepare-${name}.lock`);

export async function alone(steps) {
  for (let attempt = 0; !tryLock(); attempt++) {
    if (attempt === 0) say(`waiting for another script to prepare this checkout (it holds ${path})`);
    await sleep(POLL_MS);
  }
  const unlock = () => rmSync(path, { force: true });
  process.once("exit", unlock);
  try {
    await steps();
  } finally {
    process.off("exit", unlock);
    unlock();
  }
}

/** The lock is a file that holds its owner's process id; one whose owner is gone is nobody's. */
function tryLock() {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, path); // unlike a write, never seen half done
    return true;
  } catch (cause) {
    if (cause.code !== "EEXIST") throw cause;
    if (!isOwned()) rmSync(path, { force: true });
    return false;
  } finally {
    rmSync(draft);
  }
}

function isOwned() {
  try {
    return process.kill(Number(readFileSync(path, "utf8")), 0);
  } catch (cause) {
    return cause.code === "EPERM"; // alive, but somebody else's
  }
}
