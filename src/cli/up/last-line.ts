/** The last thing that a program wrote to a file, in words for a person. */
import type { Disk } from "../../runtime/runtime.ts";

const TAIL_BYTES = 4096;

/** The last line, without what is there for machines; undefined if there is none, or no file. */
export async function lastLineOf(disk: Disk, path: string): Promise<string | undefined> {
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, { create: false });
  try {
    const sizeBytes = await file.sizeBytes();
    const start = Math.max(0, sizeBytes - TAIL_BYTES);
    const text = Buffer.from(await file.read(start, TAIL_BYTES)).toString("utf8");
    const last = text.trimEnd().split("\n").at(-1)!;
    return last === "" ? undefined : wordsOf(last);
  } finally {
    await file.close();
  }
}

type Failure = { readonly message?: string };
type Told = string | Failure | undefined;

/** Of a line of the log as JSON, or of one that is meant for people. */
function wordsOf(line: string): string {
  if (!line.startsWith("{")) return line.replace(/^kvorum: /, "");
  try {
    const { msg, error, cause, reason: told } = JSON.parse(line) as Record<string, Told>;
    const reason = typeof told === "string" ? told : ((error ?? cause) as Failure | undefined)?.message;
    return reason === undefined ? String(msg) : `${msg}: ${reason}`;
  } catch {
    return line; // cut short as the program died
  }
}
