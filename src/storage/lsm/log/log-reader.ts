/** Reads one file of the commit log into the buffer of the segment that it is. */
import type { Disk } from "../../../runtime/runtime.ts";
import { corruption } from "../table/corruption.ts";
import { UnknownFormat } from "../table/unknown-format.ts";
import { type LogWalk, walkBatches } from "./batch-walk.ts";
import { LOG_VERSION, padded, SEGMENT_HEADER_BYTES } from "./log-format.ts";
import { logName } from "./log-name.ts";

const READ_BYTES = 8 * 1024 * 1024;
const BYTES_MAX = 2 ** 31 - 4;

export interface ReadLog extends LogWalk {
  readonly number: number;
  readonly path: string;
  readonly shared: SharedArrayBuffer;
  /** Of the file; the rest of `shared` is zero. */
  readonly lengthBytes: number;
}

export interface LogToRead {
  readonly directory: string;
  readonly number: number;
  /** Only the newest file may have a torn tail. */
  readonly isNewest: boolean;
  /** Size of the buffer, if the file is not larger than that. */
  readonly bytesMin: number;
}

/** Throws UnknownFormat for a file of another version, and only then: damage is in the `verdict`. */
export async function readLog(
  disk: Disk,
  { directory, number, isNewest, bytesMin }: LogToRead,
): Promise<ReadLog> {
  const path = `${directory}/${logName(number)}`;
  const { shared, lengthBytes } = await load(disk, path, bytesMin);
  const log = { bytes: new Uint8Array(shared), words: new Int32Array(shared), length: lengthBytes };
  const walk = walkBatches(log, number, { isNewest });
  if (walk.verdict.kind === "foreign") {
    throw new UnknownFormat(path, walk.verdict.version, LOG_VERSION);
  }
  return { ...walk, number, path, shared, lengthBytes };
}

async function load(
  disk: Disk,
  path: string,
  bytesMin: number,
): Promise<{ shared: SharedArrayBuffer; lengthBytes: number }> {
  const file = await disk.open(path, { create: false });
  try {
    const lengthBytes = await file.sizeBytes();
    if (lengthBytes > BYTES_MAX) throw corruption(path, BYTES_MAX, "no log file is that large");
    const shared = new SharedArrayBuffer(padded(Math.max(lengthBytes, bytesMin, SEGMENT_HEADER_BYTES)));
    const bytes = new Uint8Array(shared);
    for (let at = 0; at < lengthBytes; at += READ_BYTES) {
      bytes.set(await file.read(at, Math.min(READ_BYTES, lengthBytes - at)), at);
    }
    return { shared, lengthBytes };
  } finally {
    await file.close();
  }
}
