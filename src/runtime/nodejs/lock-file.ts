/**
 * A file that names the process that holds it. There is no flock(2) here, so the file outlives its holder: it counts
 * only while a process of that id lives that was started at that time (ids are given again).
 *
 *   "4711 1234567/0b5e...\n"      process id; when it was started, and since which boot of the machine
 *
 * Who takes a dead holder's file over needs the sole right to it first: a claim, which is a file of its own, named after
 * the very file and content that it is about, and made by whoever is the first (link lets only one).
 *
 *   LOCK              what the dead holder wrote
 *   LOCK.5be1...      the claim to replace that: who made it, as in a lock. If that one died as well, another file is the
 *                     claim to that claim, and so on: the last one's is to them all
 *
 * Who has the claim looks again whether the lock is still the one it is about: if not, another has replaced it and given
 * up the claim since. If so, nobody else may touch it, and it is replaced in one step before the claims go.
 */
import { createHash } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { systemCode } from "../io-error.ts";
import type { DiskLock } from "../runtime.ts";

const ATTEMPTS_MAX = 10;
const LINE = /^(\d+) (\S*)\n$/;

/** In one process, all drafts are told apart. */
let draftCount = 0;

/** Rejects with the system's error, or with one of code "EAGAIN" that names the holder. */
export async function takeLock(path: string): Promise<DiskLock> {
  const own = `${process.pid} ${await startOf(process.pid)}\n`;
  const draft = `${path}.${process.pid}.${draftCount++}`;
  await writeFile(draft, own);
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await linkIfFree(draft, path)) return lockOf(path);
      const content = await readIfThere(path);
      if (content === undefined) continue; // given back meanwhile
      const holder = await livingHolder(content);
      if (holder !== undefined) throw inUse(`in use by process ${holder}`);
      if (await takeOver(path, content, draft)) return lockOf(path);
    }
    throw inUse("others keep taking it");
  } finally {
    await removeIfThere(draft);
  }
}

/** The dead holder's lock is the draft's from now on; false if it is not there any more. Rejects while another does that. */
async function takeOver(path: string, content: string, draft: string): Promise<boolean> {
  const claims: string[] = [];
  for (let victim: string | undefined = content; victim !== undefined; ) {
    const claim = claimTo(path, claims.at(-1) ?? path, victim);
    claims.push(claim);
    if (await linkIfFree(draft, claim)) return await replace(path, content, draft, claims);
    victim = await readIfThere(claim);
    const claimant = victim === undefined ? undefined : await livingHolder(victim);
    if (claimant !== undefined) throw inUse(`being taken over by process ${claimant}`);
  }
  return false; // given up meanwhile
}

/** Requires: the last of the claims is this caller's. */
async function replace(
  path: string,
  content: string,
  draft: string,
  claims: readonly string[],
): Promise<boolean> {
  if ((await readIfThere(path)) !== content) {
    await unlink(claims.at(-1)!);
    return false;
  }
  await rename(draft, path);
  for (const claim of claims) await removeIfThere(claim);
  return true;
}

/** Where the claim to a file of this content stands: a lock, or a claim. */
function claimTo(lock: string, file: string, content: string): string {
  const digest = createHash("sha256")
    .update(`${basename(file)} ${content}`)
    .digest("hex");
  return `${lock}.${digest.slice(0, 16)}`;
}

function lockOf(path: string): DiskLock {
  let isHeld = true;
  return {
    async release() {
      if (!isHeld) return;
      isHeld = false;
      await unlink(path);
    },
  };
}

async function linkIfFree(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "EEXIST") return false;
    throw cause;
  }
}

/** Its process id, or undefined if it is dead. What is no lock's content is nobody's. */
async function livingHolder(content: string): Promise<string | undefined> {
  const [, id, start] = LINE.exec(content) ?? [];
  if (id === undefined || !isAlive(Number(id))) return undefined;
  return (await startOf(Number(id))) === start ? id : undefined;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0); // asks only
    return true;
  } catch (cause) {
    return systemCode(cause) === "EPERM"; // somebody else's
  }
}

/** Empty where the system does not say so: then the process id decides alone. A zombie only waits to be noticed. */
async function startOf(processId: number): Promise<string> {
  const status = await readIfThere(`/proc/${processId}/stat`);
  const boot = await readIfThere("/proc/sys/kernel/random/boot_id");
  if (status === undefined || boot === undefined) return "";
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
  if (fields[0] === "Z" || fields[0] === "X") return "dead";
  return `${fields[19]}/${boot.trim()}`;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw cause;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ESRCH") return undefined;
    throw cause;
  }
}

function inUse(message: string): Error {
  return Object.assign(new Error(message), { code: "EAGAIN" });
}
