/** A browser whose clock stands still until a test moves it, before a node that answers what a test says. */
import type { RequestOptions, World } from "../browser/browser-world.ts";

export type Answer = (options: RequestOptions) => Response | Promise<Response>;

export class FakeWorld implements World {
  nowMs = 1_000_000;
  token: string | undefined;
  /** By path, without what follows "?". A path that is not here is one that the node does not know. */
  readonly answers = new Map<string, Answer>();
  /** False: as if there were no node. */
  isThere = true;
  readonly asked: string[] = [];
  readonly tokens = {
    load: () => this.token,
    save: (token: string) => {
      this.token = token;
    },
  };
  #sleepers: (() => void)[] = [];

  wallMs(): number {
    return this.nowMs;
  }

  sleep(_delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.push(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  async request(path: string, options: RequestOptions): Promise<Response> {
    this.asked.push(path);
    if (!this.isThere) throw new TypeError("Failed to fetch");
    const answer = this.answers.get(path.split("?")[0]!);
    return answer === undefined ? refusal(404, "there is nothing here") : await answer(options);
  }

  /** Everybody who sleeps wakes, and does what is to be done. */
  async turn(): Promise<void> {
    this.nowMs += 1_000;
    for (const wake of this.#sleepers.splice(0)) wake();
    await this.settle();
  }

  /** Resolves when nothing goes on any more without the clock: promises need some rounds for that. */
  async settle(): Promise<void> {
    for (let round = 0; round < 60; round++) await Promise.resolve();
  }
}

export function json(value: unknown): Answer {
  return () => Response.json(value);
}

export function refusal(status: number, message: string): Response {
  return Response.json({ error: { code: "X", message } }, { status });
}
