/**
 * How much clients may make the server hold: what the settings say, as bounds to compare with. In the settings, as in
 * Redis, 0 means no limit.
 */
import type { NodeSettings } from "../node/settings.ts";
import type { Tuning } from "../node/tuning.ts";

const MIB = 1024 * 1024;
/** A single reply lies in one buffer, and not every Node.js has larger ones. */
const REPLY_BYTES_MAX = 2048 * MIB;
/** Of the files that a process may have open, at most a quarter: the disk engine's tables are files. */
const FILES_KEPT_MAX = 512;
/** With less, nobody could tell the server to use more. */
const CLIENTS_BYTES_MIN = MIB;

export interface ClientLimits {
  /** Of a single reply. */
  readonly replyBytesMax: number;
  /** Replies that one client has not read. */
  readonly unsentBytesMax: number;
  /** The same, for a client that has been beyond it for `softMs`. */
  readonly softUnsentBytesMax: number;
  readonly softMs: number;
  /** Connections at a time. */
  readonly clientsMax: number;
  /** All that clients hold together. */
  readonly clientBytesMax: number;
}

/** `openFilesMax`: of the process. Some are left for its files, and for telling a client that there are too many. */
export function clientLimitsOf(settings: NodeSettings & Tuning, openFilesMax: number): ClientLimits {
  const { outputBufferBytesMax, outputSoftLimit } = settings;
  const filesKept = Math.min(FILES_KEPT_MAX, openFilesMax / 4);
  return {
    clientsMax: Math.max(1, Math.min(settings.maxClients, Math.floor(openFilesMax - filesKept))),
    replyBytesMax: Math.min(orUnlimited(outputBufferBytesMax), REPLY_BYTES_MAX),
    unsentBytesMax: orUnlimited(outputBufferBytesMax),
    softUnsentBytesMax: orUnlimited(outputSoftLimit.bytes),
    softMs: outputSoftLimit.seconds * 1000,
    clientBytesMax: Math.max(clientBytesMax(settings), CLIENTS_BYTES_MIN),
  };
}

function clientBytesMax({
  clientMemoryPercent,
  clientMemoryBytesMax,
  maxmemoryBytes,
}: NodeSettings & Tuning): number {
  if (clientMemoryPercent === 0) return orUnlimited(clientMemoryBytesMax);
  return orUnlimited((maxmemoryBytes * clientMemoryPercent) / 100);
}

function orUnlimited(bytes: number): number {
  return bytes === 0 ? Number.POSITIVE_INFINITY : bytes;
}
