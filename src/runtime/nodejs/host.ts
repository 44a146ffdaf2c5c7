/** What the operating system says of this process and its machine. */
import { createHash } from "node:crypto";
import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, hostname, machine, release, totalmem, type } from "node:os";
import type { DiskRoom, Host } from "../runtime.ts";

const MACHINE_ID_FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** systemd's machine id has 32 hexadecimal digits; "uninitialized" stands there on first boot. */
const MACHINE_ID = /^[0-9a-f]{32}$/;

export function createNodejsHost(): Host {
  return {
    machineId: hashed(machineIdFromFiles() ?? hostname()),
    processId: process.pid,
    platform: `${type()} ${release()} ${machine()}`,
    openFilesMax: openFilesMax(),
    processorCount: availableParallelism(),
    residentBytes: () => process.memoryUsage.rss(),
    totalMemoryBytes,
    cpuSeconds,
    diskRoom,
  };
}

function machineIdFromFiles(): string | undefined {
  for (const path of MACHINE_ID_FILES) {
    const id = readIfPossible(path);
    if (id !== undefined && MACHINE_ID.test(id)) return id;
  }
  return undefined;
}

function readIfPossible(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined; // not this operating system, or not for us to read: there is another source
  }
}

// machine-id(5) asks not to show the id itself outside the machine.
function hashed(id: string): string {
  return createHash("sha256").update("kvorum machine ").update(id).digest("hex").slice(0, 16);
}

/** Node.js has raised the soft limit to the hard one as it began. */
function openFilesMax(): number {
  const limit = /^Max open files +(\d+)/m.exec(readIfPossible("/proc/self/limits") ?? "")?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

function totalMemoryBytes(): number {
  const physicalBytes = totalmem();
  const allowedBytes = process.constrainedMemory(); // 0 or beyond physical memory if nobody set a limit
  return allowedBytes > 0 ? Math.min(allowedBytes, physicalBytes) : physicalBytes;
}

function cpuSeconds(): { user: number; system: number } {
  const { user, system } = process.cpuUsage();
  return { user: user / 1e6, system: system / 1e6 };
}

function diskRoom(path: string): DiskRoom | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined; // no such path, or a file system that does not say
  }
}
