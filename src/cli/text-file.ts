/**
 * Files that people write and Kvorum only reads: settings and passwords. Not by way of the runtime's disk, which
 * opens files for writing: secrets are often read-only, or not files at all but pipes.
 */
import { readFile } from "node:fs/promises";
import { systemCodeOf } from "./start-failure.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "not allowed to read it",
  EISDIR: "it is a directory",
};

/** Rejects with a reason that a person can read. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason = REASONS[systemCodeOf(cause) ?? ""] ?? (cause as Error).message;
    throw new Error(reason, { cause });
  }
}
