/**
 * A file that names the process that holds it. There is no flock(2) here, so the file outlives its holder: it counts
 * only while a process of that id lives that was started at that time (ids are given again).
 *
 *   "4711 1234567/0b5e...\n"      process id; when it was started, and since which boot of the machine
 *
 * A file of a dead holder is moved aside by one of those who find it, as rename lets only one do.
 */
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
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
      await moveAside(path, content, `${draft}.stale`);
    }
    throw inUse("others keep taking it");
  } finally {
    await unlink(draft);
  }
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

/** Takes the file out of the way if it still is what was read; else gives it back. */
async function moveAside(path: string, content: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return; // another was faster
    throw cause;
  }
  if ((await readIfThere(aside)) !== content) await linkIfFree(aside, path); // it was another's new lock
  await unlink(aside);
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
