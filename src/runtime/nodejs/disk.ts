/** Files by node:fs/promises. */
import { constants } from "node:fs";
import { access, link, mkdir, open, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Outcome } from "../../base/errors.ts";
import { ioError, systemCode } from "../io-error.ts";
import type { Disk, DiskFile, OpenOptions } from "../runtime.ts";
import { NodejsDiskFile } from "./disk-file.ts";
import { takeLock } from "./lock-file.ts";
import { ReadPace } from "./read-pace.ts";
import { ReadThread } from "./read-thread.ts";
import { ZerosAhead } from "./zeros-ahead.ts";

/** Never truncates on opening. */
const OPEN_FLAGS = constants.O_RDWR;

export function createNodejsDisk(): Disk {
  const thread = new ReadThread();
  const pace = new ReadPace();
  return {
    open: (path, options) =>
      attempt("not-applied", `cannot open ${path}`, () => openFile(path, options, thread, pace)),
    list: (path) => attempt("not-applied", `cannot list ${path}`, () => list(path)),
    exists: (path) => attempt("not-applied", `cannot look for ${path}`, () => exists(path)),
    makeDirectory: (path) => attempt("unknown", `cannot make directory ${path}`, () => makeDirectory(path)),
    rename: (from, to) => attempt("not-applied", `cannot rename ${from} to ${to}`, () => rename(from, to)),
    link: (from, to) => attempt("not-applied", `cannot link ${to} to ${from}`, () => link(from, to)),
    remove: (path) => attempt("not-applied", `cannot remove ${path}`, () => remove(path)),
    syncDirectory: (path) => attempt("unknown", `cannot sync directory ${path}`, () => syncDirectory(path)),
    lock: (path) => attempt("not-applied", `cannot lock ${path}`, () => takeLock(path)),
    fileId: (path) => attempt("not-applied", `cannot look at ${path}`, () => fileId(path)),
  };
}

async function attempt<T>(outcome: Outcome, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw ioError(outcome, what, cause);
  }
}

async function openFile(
  path: string,
  { create = true, zerosAheadBytes }: OpenOptions = {},
  thread: ReadThread,
  pace: ReadPace,
): Promise<DiskFile> {
  const flags = create ? OPEN_FLAGS | constants.O_CREAT : OPEN_FLAGS;
  if (zerosAheadBytes === undefined) {
    const file = await open(path, flags | constants.O_APPEND); // every write lands at the end
    return new NodejsDiskFile(path, file, thread, pace);
  }
  const file = await open(path, flags);
  const { size } = await file.stat();
  return new NodejsDiskFile(path, file, thread, pace, new ZerosAhead(zerosAheadBytes, size));
}

async function list(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw cause;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return false;
    throw cause;
  }
}

async function makeDirectory(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true });
  if (firstMade === undefined) return;
  const above = dirname(firstMade);
  for (let made = path; made !== above && made !== dirname(made); made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT") return;
    if (code !== "EISDIR" && code !== "EPERM") throw cause; // Linux, macOS: it is a directory
    await rmdir(path);
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return; // NTFS journals directory entries; there is no call for it
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Inode numbers are given again, but not at the same nanosecond. */
async function fileId(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}:${birthtimeNs}`;
}
