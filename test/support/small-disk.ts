/** A file system of a few megabytes that is full when a test wants it to be. Linux only; nobody has to be root. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CHUNK = new Uint8Array(64 * 1024);

export class SmallDisk {
  /** As every process of the machine sees it. */
  readonly path: string;
  readonly #mountPoint: string;
  readonly #holder: ChildProcess;

  private constructor(mountPoint: string, holder: ChildProcess) {
    this.#mountPoint = mountPoint;
    this.#holder = holder;
    this.path = `/proc/${holder.pid}/root${mountPoint}`;
  }

  /** Undefined where the system does not let this user mount anything. */
  static async mount(sizeBytes: number): Promise<SmallDisk | undefined> {
    const mountPoint = mkdtempSync(join(tmpdir(), "kvorum-disk-"));
    // In a mount namespace of its own: it is gone with the process that holds it.
    const script = `mount -t tmpfs -o size=${sizeBytes} none "$0" && echo mounted && exec sleep 3600`;
    const holder = spawn("unshare", ["-rm", "sh", "-c", script, mountPoint], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const disk = new SmallDisk(mountPoint, holder);
    const mounted = once(holder.stdout!, "data").then(() => true);
    const failed = new Promise<boolean>((resolve) => {
      holder.once("error", () => resolve(false)).once("exit", () => resolve(false));
    });
    if (await Promise.race([mounted, failed])) return disk;
    rmSync(mountPoint, { recursive: true });
    return undefined;
  }

  /** Leaves no room at all. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    try {
      for (let length = CHUNK.length; length > 0; ) {
        try {
          writeSync(file, CHUNK, 0, length);
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
          length >>>= 1;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  /** Makes room again. */
  free(): void {
    rmSync(this.#ballast);
  }

  async unmount(): Promise<void> {
    this.#holder.kill("SIGKILL");
    await once(this.#holder, "exit");
    rmSync(this.#mountPoint, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.path, "ballast");
  }
}
