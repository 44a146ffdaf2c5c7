/** How much of what was meant for others a node keeps, and for how long. */
export interface HintSettings {
  /** Of all targets together, on the disk (or in memory, for a node that has none). Past it OVERLOADED. */
  readonly bytesMax: number;
  /** Of those on their way to the disk. Past it OVERLOADED. */
  readonly queuedBytesMax: number;
  /** Older hints are dropped: what they would have brought, an exchange must find. */
  readonly ageMaxMs: number;
  /** A file is not added to beyond this. After a restart no more than this is delivered twice to a target. */
  readonly segmentBytes: number;
  /** Hints that nobody waits for are written this long after they came, at the latest. */
  readonly gatherMs: number;
  /** So many of the newest can be found by their rows. */
  readonly indexedMax: number;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_HINT_SETTINGS: HintSettings = {
  bytesMax: 1024 * MEBIBYTE,
  queuedBytesMax: 32 * MEBIBYTE,
  ageMaxMs: 24 * 3_600_000,
  segmentBytes: MEBIBYTE,
  gatherMs: 50,
  indexedMax: 1_000_000,
};

/** Of a node that has no disk. */
export const MEMORY_HINT_SETTINGS: HintSettings = { ...DEFAULT_HINT_SETTINGS, bytesMax: 64 * MEBIBYTE };
