/**
 * Finds out at the start whether everything older than some segment had been cleared: its header says so. A row put
 * after a clear does not know what it supersedes of the rows before: so where the one is there, the others are not,
 * even if a crash came before the manifest had it.
 */
import type { Disk } from "../../../runtime/runtime.ts";
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from "./log-format.ts";
import { logNumberOf } from "./log-name.ts";

/** Number of the newest segment from `firstNumber` on that clears what is older; undefined if there is none. */
export async function findClearing(
  disk: Disk,
  directory: string,
  firstNumber: number,
): Promise<number | undefined> {
  let found: number | undefined;
  for (const name of await disk.list(directory)) {
    const number = logNumberOf(name);
    if (number === undefined || number < Math.max(firstNumber, found ?? 0)) continue;
    if (await clearsOlder(disk, `${directory}/${name}`, number)) found = number;
  }
  return found;
}

/** False for a damaged header, too: whoever reads the rest of the file tells. */
async function clearsOlder(disk: Disk, path: string, number: number): Promise<boolean> {
  const file = await disk.open(path, { create: false });
  try {
    const header = decodeSegmentHeader(await file.read(0, SEGMENT_HEADER_BYTES));
    return header.kind === "valid" && header.number === number && header.clearsOlder;
  } finally {
    await file.close();
  }
}
