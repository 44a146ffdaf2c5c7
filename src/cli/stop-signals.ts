/**
 * What a stop signal asks for. Pure: fed signals and the time.
 *
 * The first asks for a good end, a later one for an end at once. One Ctrl-C may arrive twice: from the
 * terminal, and again from npm, which passes it on to what it runs; so what follows closely is the same.
 */
const SAME_KEYSTROKE_MS = 500;

export type StopDecision = "stop" | "ignore" | "exit";

export class StopSignals {
  #firstMs: number | undefined;

  onSignal(nowMs: number): StopDecision {
    if (this.#firstMs === undefined) {
      this.#firstMs = nowMs;
      return "stop";
    }
    return nowMs - this.#firstMs < SAME_KEYSTROKE_MS ? "ignore" : "exit";
  }
}
