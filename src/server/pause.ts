/** CLIENT PAUSE: holds requests back until a time or CLIENT UNPAUSE. */
import type { Clock } from "../runtime/runtime.ts";
import type { RunnableCommand } from "./command-shape.ts";

export type PauseMode = "write" | "all";

const NEVER_HELD = new Set(["client|pause", "client|unpause", "shutdown", "debug"]);

export class Pause {
  readonly #clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly #onChange: () => void;
  #mode: PauseMode | undefined;
  #untilMs = 0;
  #abort = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  /** `onChange` is called whenever a pause begins or ends. */
  constructor(clock: Pick<Clock, "monotonicMs" | "sleep">, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get mode(): PauseMode | undefined {
    return this.#mode;
  }

  /** Resolves when the present pause ends, or changes so that held requests should look again. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  holds(command: RunnableCommand): boolean {
    if (this.#mode === undefined || NEVER_HELD.has(command.name)) return false;
    return this.#mode === "all" || command.flags.includes("write");
  }

  /** The longer end and the stricter mode win over a pause already in force. */
  begin(durationMs: number, mode: PauseMode): void {
    const untilMs = this.#clock.monotonicMs() + durationMs;
    this.#untilMs = this.#mode === undefined ? untilMs : Math.max(untilMs, this.#untilMs);
    this.#mode = this.#mode === "all" ? "all" : mode;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#ended = this.#expire(this.#abort.signal);
    this.#onChange();
  }

  end(): void {
    this.#mode = undefined;
    this.#abort.abort();
    this.#onChange();
  }

  async #expire(signal: AbortSignal): Promise<void> {
    const delayMs = Math.max(0, this.#untilMs - this.#clock.monotonicMs());
    try {
      await this.#clock.sleep(delayMs, signal);
      this.#mode = undefined;
      this.#onChange();
    } catch (cause) {
      if (!signal.aborted) throw cause;
    }
  }
}
