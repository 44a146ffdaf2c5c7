/** How much of its machine's memory a node on disk gives to rows, if nobody says. */
import type { Host } from "../runtime/runtime.ts";

type Machine = Pick<Host, "totalMemoryBytes">;

const MIB = 1024 * 1024;
/** Several nodes may share a machine, with what the operating system keeps of the files. */
const CACHE = { part: 1 / 16, min: 32 * MIB, max: 1024 * MIB };
/** The larger, the less often a row that is overwritten gets into a file, and files are merged; two or three are in memory at a time. */
const MEMTABLE = { part: 1 / 64, min: 32 * MIB, max: 256 * MIB };

/** For rows that are in files, too. */
export function suitableCacheBytes(machine: Machine): number {
  return shareOf(machine, CACHE);
}

/** For rows that are gathered for one file; a multiple of 1 MiB. */
export function suitableMemtableBytes(machine: Machine): number {
  return Math.floor(shareOf(machine, MEMTABLE) / MIB) * MIB;
}

function shareOf(machine: Machine, { part, min, max }: typeof CACHE): number {
  return Math.min(max, Math.max(min, Math.floor(machine.totalMemoryBytes() * part)));
}
