/** How much memory a node gives to rows that are in files, too, if nobody says. */
import type { Host } from "../runtime/runtime.ts";

const MIB = 1024 * 1024;
/** Several nodes may share a machine, with its memtables and what the operating system keeps of the files. */
const PART_OF_MEMORY = 1 / 16;
const BYTES_MIN = 32 * MIB;
const BYTES_MAX = 512 * MIB;

export function suitableCacheBytes(host: Pick<Host, "totalMemoryBytes">): number {
  const bytes = Math.floor(host.totalMemoryBytes() * PART_OF_MEMORY);
  return Math.min(BYTES_MAX, Math.max(BYTES_MIN, bytes));
}
