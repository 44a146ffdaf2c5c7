/** A node in a process of its own that serves clients, and can be stopped and started again where they expect it. */
import { RunningKvorum } from "./running-kvorum.ts";

export class ServingNode {
  readonly port: number;
  readonly #options: readonly string[];
  #running: RunningKvorum;

  /** Resolves when connections are accepted. `options` are those of `kvorum serve`: "--password", "secret". */
  static async start(...options: string[]): Promise<ServingNode> {
    const running = new RunningKvorum(["serve", "--port", "0", ...options]);
    return new ServingNode(running, await running.ready(), options);
  }

  private constructor(running: RunningKvorum, port: number, options: readonly string[]) {
    this.#running = running;
    this.port = port;
    this.#options = options;
  }

  /** Resolves when it has ended in good order. */
  async stop(): Promise<void> {
    this.#running.signal("SIGTERM");
    await this.#running.end();
  }

  /** After `stop`: resolves when connections are accepted again, on the same port. */
  async startAgain(): Promise<void> {
    this.#running = new RunningKvorum(["serve", "--port", `${this.port}`, ...this.#options]);
    await this.#running.ready();
  }

  /** Resolves when the process has ended and nothing of it is left. */
  async close(): Promise<void> {
    this.#running.signal("SIGKILL");
    await this.#running.end();
  }
}
