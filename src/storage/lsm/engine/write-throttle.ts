/** Makes writers wait while flushes and compactions do not keep up. Hot: `onPut`. */
import type { Clock } from "../../../runtime/runtime.ts";

const MIB = 1024 * 1024;
/** Waits shorter than this are saved up. */
const WAIT_MS_MIN = 1;

export class WriteThrottle {
  /** How long writers were made to wait since the start. */
  waitedMs = 0;
  readonly #clock: Pick<Clock, "sleep" | "monotonicMs">;
  #msPerByte = 0;
  #owedMs = 0;
  /** Set while nothing more should be written. */
  #gate: (Gate & { readonly sinceMs: number }) | undefined;

  constructor(clock: Pick<Clock, "sleep" | "monotonicMs">) {
    this.#clock = clock;
  }

  /** As delayMsPerMiB gives it. */
  set msPerMiB(delay: number) {
    const isStopped = delay === Number.POSITIVE_INFINITY;
    if (isStopped) {
      this.#gate ??= { ...createGate(), sinceMs: this.#clock.monotonicMs() };
    } else {
      if (this.#gate !== undefined) this.waitedMs += this.#clock.monotonicMs() - this.#gate.sinceMs;
      this.#gate?.open();
      this.#gate = undefined;
    }
    this.#msPerByte = isStopped ? 0 : delay / MIB;
    if (delay === 0) this.#owedMs = 0;
  }

  /** True while nothing more should be written. */
  get isStopped(): boolean {
    return this.#gate !== undefined;
  }

  /** Those who wait for the gate are told this: nobody knows when it will open. */
  fail(cause: unknown): void {
    if (this.#gate === undefined) return;
    this.#gate.fail(cause);
    this.#gate = { ...createGate(), sinceMs: this.#gate.sinceMs };
  }

  /** As set last: Infinity while nothing may be written. */
  get delayMsPerMiB(): number {
    return this.#gate === undefined ? this.#msPerByte * MIB : Number.POSITIVE_INFINITY;
  }

  onPut(bytes: number): void {
    this.#owedMs += bytes * this.#msPerByte;
  }

  /** Undefined if writers may go on; else resolves when they may. Rejects as `fail` says. */
  wait(): Promise<void> | undefined {
    if (this.#gate !== undefined) return this.#gate.opened;
    if (this.#owedMs < WAIT_MS_MIN) return undefined;
    const delayMs = this.#owedMs;
    this.#owedMs = 0;
    this.waitedMs += delayMs;
    return this.#clock.sleep(delayMs);
  }
}

interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
  readonly fail: (cause: unknown) => void;
}

function createGate(): Gate {
  let open!: () => void;
  let fail!: (cause: unknown) => void;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  opened.catch(() => undefined); // there may be nobody to tell
  return { opened, open, fail };
}
