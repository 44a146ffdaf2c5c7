/**
 * What the main thread may tell a task while it runs, in shared memory: to stop, and how fast to go.
 *
 *   word 0   1 if the task is to stop
 *   word 1   KiB a second that it may read; 0 for no limit
 */
import { StoreError } from "../../../base/errors.ts";
import type { Clock } from "../../../runtime/runtime.ts";

const STOP = 0;
const RATE = 1;
/** A slow task looks again so often whether it is to stop. */
const SLEEP_MS_MAX = 100;

export class TaskControl {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Of another thread's control, if `shared` is given. */
  constructor(shared = new SharedArrayBuffer(8)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** The task rejects with StoreError CLOSED soon, and leaves nothing. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** 0 for no limit. */
  get bytesPerSecond(): number {
    return Atomics.load(this.#words, RATE) * 1024;
  }

  set bytesPerSecond(value: number) {
    Atomics.store(this.#words, RATE, Math.ceil(value / 1024));
  }
}

/** Keeps a task to the speed it was told. */
export class Pace {
  readonly #control: TaskControl;
  readonly #clock: Pick<Clock, "monotonicMs" | "sleep">;
  /** When the bytes so far would have been read at that speed. */
  #dueMs: number;

  constructor(control: TaskControl, clock: Pick<Clock, "monotonicMs" | "sleep">) {
    this.#control = control;
    this.#clock = clock;
    this.#dueMs = clock.monotonicMs();
  }

  /** Resolves when the next bytes may be read after `bytes` were. Rejects with StoreError CLOSED if it is to stop. */
  async spend(bytes: number): Promise<void> {
    const rate = this.#control.bytesPerSecond;
    if (rate > 0)
      this.#dueMs = Math.max(this.#dueMs, this.#clock.monotonicMs() - SLEEP_MS_MAX) + (1000 * bytes) / rate;
    for (;;) {
      if (this.#control.isStopped) throw new StoreError("CLOSED", "not-applied", "the task was told to stop");
      const aheadMs = this.#dueMs - this.#clock.monotonicMs();
      if (aheadMs < 1 || this.#control.bytesPerSecond === 0) return;
      await this.#clock.sleep(Math.min(aheadMs, SLEEP_MS_MAX));
    }
  }
}
