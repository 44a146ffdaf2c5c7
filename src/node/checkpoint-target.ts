/**
 * Where a checkpoint goes that somebody asks for: a name is one under DATA/checkpoints; an absolute path may lead
 * anywhere but into the data directory itself, whatever links are on the way.
 */
import { basename, dirname, normalize } from "node:path/posix";
import type { Awaitable } from "../base/awaitable.ts";
import { StoreError } from "../base/errors.ts";
import { systemCode } from "../runtime/io-error.ts";
import type { Disk } from "../runtime/runtime.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Below the data directory; "" is the directory itself. */
const OWN_FOLDERS = ["", "/log", "/tables", "/quarantine", "/checkpoints"];

/**
 * At once for a name. Throws, or rejects with, StoreError INVALID_REQUEST if it will not do. Whether anything is there is
 * not looked at.
 */
export function checkpointTarget(disk: Disk, directory: string, asked: string): Awaitable<string> {
  const named = `${directory}/checkpoints/`;
  return asked.startsWith("/") ? targetOfPath(disk, directory, asked) : named + checkedName(asked);
}

async function targetOfPath(disk: Disk, directory: string, asked: string): Promise<string> {
  const named = `${directory}/checkpoints/`;
  if (asked.includes("\0")) throw refused("a path has no zero bytes");
  const target = withoutEnd(normalize(asked));
  await disk.makeDirectory(named); // so that it has an id
  if ((await idOf(disk, dirname(target))) === (await idOf(disk, named)))
    return named + checkedName(basename(target));
  await refuseInside(disk, directory, target);
  return target;
}

async function refuseInside(disk: Disk, directory: string, target: string): Promise<void> {
  const own = new Set<string>();
  for (const folder of OWN_FOLDERS) own.add((await idOf(disk, directory + folder)) ?? "");
  for (let path = target; ; path = dirname(path)) {
    const id = await idOf(disk, path);
    if (id !== undefined && own.has(id))
      throw refused(`${target} is inside the data directory: give a name alone, or a path elsewhere`);
    if (path === "/") return;
  }
}

/** Undefined where nothing is. */
async function idOf(disk: Disk, path: string): Promise<string | undefined> {
  try {
    return await disk.fileId(path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw cause;
  }
}

function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw refused(
    "a checkpoint is given an absolute path, or a name: 1 to 128 letters, digits, dots, dashes or underscores, " +
      "the first a letter or digit",
  );
}

function withoutEnd(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function refused(reason: string): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", reason);
}
