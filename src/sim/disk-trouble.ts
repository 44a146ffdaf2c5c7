/**
 * What ails a simulated disk: it is slow, stands still, fails steps or lies about what it reads. What a power failure
 * leaves of unsynced bytes is not trouble but a disk's nature: see sim-file.ts and directory-tree.ts.
 */
import type { DiskStep } from "./disk-step.ts";
import type { SimRandom } from "./sim-random.ts";

/** How often steps fail: one in so many; never, if left out. Failed steps have no effect and end with EIO. */
export interface DiskFaults {
  readonly readErrorOneIn?: number;
  /** Of appends, cuts and changes of names. */
  readonly writeErrorOneIn?: number;
  readonly syncErrorOneIn?: number;
  /** A read that says all is well, with one bit wrong; the next read may be right again. */
  readonly flippedReadOneIn?: number;
}

export class DiskTrouble {
  faults: DiskFaults = {};
  /** Every step takes so many times as long. */
  slowTimes = 1;
  /** What is asked for before then begins only then. */
  hangsUntilMs = 0;
  readonly #random: SimRandom;

  constructor(random: SimRandom) {
    this.#random = random;
  }

  /** Steps take so long that even one that the process stands still for is felt. */
  isLateAt(nowMs: number): boolean {
    return this.slowTimes > 1 || this.hangsUntilMs > nowMs;
  }

  /** The system's code if the step is to fail. */
  codeFor({ kind }: DiskStep): string | undefined {
    const oneIn = this.#oddsOf(kind);
    return oneIn !== undefined && this.#random.oneIn(oneIn) ? "EIO" : undefined;
  }

  /** Called with what was read, before the reader sees it. */
  touch(bytes: Uint8Array): void {
    const { flippedReadOneIn } = this.faults;
    if (flippedReadOneIn === undefined || bytes.length === 0 || !this.#random.oneIn(flippedReadOneIn)) return;
    bytes[this.#random.below(bytes.length)]! ^= 1 << this.#random.below(8);
  }

  mend(): void {
    this.faults = {};
    this.slowTimes = 1;
    this.hangsUntilMs = 0;
  }

  #oddsOf(kind: DiskStep["kind"]): number | undefined {
    if (kind === "read" || kind === "list") return this.faults.readErrorOneIn;
    if (kind === "sync" || kind === "syncDirectory") return this.faults.syncErrorOneIn;
    return kind === "append" || kind === "truncate" || kind === "name"
      ? this.faults.writeErrorOneIn
      : undefined;
  }
}
