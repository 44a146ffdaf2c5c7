/** A made-up process on a made-up machine. */
import type { Host } from "../runtime/runtime.ts";
import type { Life } from "./life.ts";

const MEBIBYTE = 1024 * 1024;

export class SimHost implements Host {
  readonly machineId: string;
  readonly processId: number;
  readonly openFilesMax = 65_536;
  readonly processorCount = 4;
  readonly platform = "Simulated 1.0 virtual";
  readonly #life: Life;

  constructor(options: { readonly machineId: string; readonly processId: number; readonly life: Life }) {
    this.machineId = options.machineId;
    this.processId = options.processId;
    this.#life = options.life;
  }

  residentBytes(): number {
    return 64 * MEBIBYTE;
  }

  totalMemoryBytes(): number {
    return 4096 * MEBIBYTE;
  }

  cpuSeconds(): { user: number; system: number } {
    return { user: this.#life.nowMs / 1000, system: this.#life.nowMs / 4000 };
  }

  /** Its disk is only as full as `fillDisk` makes it. */
  diskRoom(): undefined {
    return undefined;
  }
}
