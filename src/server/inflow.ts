/** Lets a session's requests in or not. To pause a connection and resume it costs calls of the system: only changes do. */
import type { Connection } from "../runtime/runtime.ts";

export class Inflow {
  readonly #connection: Pick<Connection, "pause" | "resume">;
  #isPaused = false;

  constructor(connection: Pick<Connection, "pause" | "resume">) {
    this.#connection = connection;
  }

  pause(): void {
    this.#isPaused = true;
    this.#connection.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connection.resume();
  }
}
