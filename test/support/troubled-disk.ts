/** The real disk, whose appends can be made to fail and whose syncs can be held back. */

import { ioError } from "../../src/runtime/io-error.ts";
import { createNodejsClock } from "../../src/runtime/nodejs/clock.ts";
import type { Disk, DiskFile } from "../../src/runtime/runtime.ts";
import { replacing } from "./replacing.ts";

/** Long enough that the log does not sync in place, where nothing can be held back. */
const SYNC_MS = 3;

const clock = createNodejsClock();

export class TroubledDisk {
  readonly disk: Disk;
  /** The system's code with which appends to such files fail. */
  fault: ((path: string) => string | undefined) | undefined;
  /** While it is set, syncs of files wait for it. */
  gate: Promise<void> | undefined;
  /** Told of each sync that is held back. */
  onHeld: () => void = () => undefined;

  constructor(real: Disk) {
    this.disk = replacing(real, {
      open: async (path: string, options?: { readonly create?: boolean }) =>
        this.#file(path, await real.open(path, options)),
    });
  }

  #file(path: string, file: DiskFile): DiskFile {
    return replacing(file, {
      append: async (bytes: Uint8Array) => {
        this.#refuse(path);
        await file.append(bytes);
      },
      appendSync: (bytes: Uint8Array) => {
        this.#refuse(path);
        file.appendSync(bytes);
      },
      sync: async () => {
        if (this.gate !== undefined) this.onHeld();
        await this.gate;
        await clock.sleep(SYNC_MS);
        await file.sync();
      },
    });
  }

  #refuse(path: string): void {
    const code = this.fault?.(path);
    if (code === undefined) return;
    const cause = Object.assign(new Error(`${code}: as the test wants it`), { code });
    throw ioError("not-applied", `cannot append to ${path}`, cause);
  }
}
