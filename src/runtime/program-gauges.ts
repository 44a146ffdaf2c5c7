/** What a process can tell of how busy it is, for whoever looks after it. Beside Runtime, as Web is. */

export interface ProgramGauges {
  /** How long the event loop has worked, and waited for work, since it began. */
  loopTimes(): { readonly busyMs: number; readonly idleMs: number };
  /** How late the event loop came to what was due, since the last call; 0 where nobody has measured. */
  takeLoopDelay(): LoopDelay;
  heapBytes(): { readonly used: number; readonly total: number; readonly external: number };
  readonly startedAtMs: number;
  readonly nodeVersion: string;
}

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
