/**
 * Keeps the page's state as the node's is: asks for status and figures every second, and follows its events. An event makes
 * it ask at once, so that the page shows within moments what the node has noticed.
 *
 * A node that does not answer makes the page stale, until it does again. One that wants a token is left alone until there is one.
 */
import { batch } from "@preact/signals";
import { type AdminApi, Refused, TokenWanted } from "../api/admin-api.ts";
import type { ClusterEvent, StatusAnswer } from "../api/answers.ts";
import type { World } from "../browser/browser-world.ts";
import type { DashboardState } from "./dashboard-state.ts";
import { withEvents } from "./event-log.ts";
import { WINDOW_SECONDS, withSamples } from "./series-window.ts";

const ROUND_MS = 1000;
/** Of those asked each second, in case some were late. */
const OVERLAP_SECONDS = 10;
const HOT_KEYS_EVERY_ROUNDS = 5;
const RECONNECT_MS = 1000;

export class LiveFeed {
  readonly #api: AdminApi;
  readonly #world: World;
  readonly #state: DashboardState;
  #lastAnswerMs: number | undefined;
  #round = 0;
  #wake: AbortController = new AbortController();

  constructor(api: AdminApi, world: World, state: DashboardState) {
    this.#api = api;
    this.#world = world;
    this.#state = state;
  }

  /** Resolves when `signal` says so. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#wake.abort());
    await Promise.all([this.#askAgainAndAgain(signal), this.#followEvents(signal)]);
  }

  /** Asks now, not only when the second is over. */
  hurry(): void {
    this.#wake.abort();
  }

  async #askAgainAndAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      if (!this.#isLocked) await this.#askOnce();
      await this.#world.sleep(ROUND_MS, this.#wake.signal);
    }
  }

  /** Who knows the token says so by another link. */
  get #isLocked(): boolean {
    return this.#state.link.value.kind === "locked";
  }

  async #askOnce(): Promise<void> {
    try {
      const wasLive = this.#state.link.value.kind === "live";
      const [status] = await Promise.all([this.#api.status(), this.#askFigures(wasLive)]);
      await this.#takeStatus(status);
      this.#lastAnswerMs = this.#world.wallMs();
      this.#round++;
      if (!wasLive) this.#state.link.value = { kind: "live" };
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #onFailure(cause: unknown): void {
    const { link } = this.#state;
    if (cause instanceof TokenWanted) {
      const wasWrong = this.#world.tokens.load() !== undefined;
      if (link.value.kind !== "locked") link.value = { kind: "locked", wasWrong };
    } else if (link.value.kind !== "stale") {
      link.value = { kind: "stale", sinceMs: this.#lastAnswerMs };
    }
  }

  async #takeStatus(status: StatusAnswer): Promise<void> {
    const state = this.#state;
    const isKnown = state.ring.value !== undefined && ringOf(state.status.value) === ringOf(status);
    const ring = isKnown ? undefined : await this.#api.ring();
    batch(() => {
      state.status.value = status;
      if (ring === undefined) return;
      state.ring.value = ring;
      state.ringStatus.value = status;
    });
  }

  /** The whole window after a pause, else the last seconds. What a node does not tell is not shown: that is no failure. */
  async #askFigures(wasLive: boolean): Promise<void> {
    const { summary, series, hotKeys, hotKeyOrder } = this.#state;
    const seconds = wasLive && series.value !== undefined ? OVERLAP_SECONDS : WINDOW_SECONDS;
    const asksHotKeys = !wasLive || this.#round % HOT_KEYS_EVERY_ROUNDS === 0;
    await Promise.all([
      unlessRefused(this.#api.summary(), (answer) => {
        summary.value = answer;
      }),
      unlessRefused(this.#api.history(seconds), (answer) => {
        series.value = withSamples(series.value, answer.series);
      }),
      asksHotKeys &&
        unlessRefused(this.#api.hotKeys(hotKeyOrder.value), (answer) => {
          hotKeys.value = answer;
        }),
    ]);
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#isLocked) throw new TokenWanted();
        const recent = await this.#api.recentEvents();
        this.#take(recent);
        // Not the last one heard of: a node that was started anew counts anew.
        const lastId = recent.at(-1)?.id ?? 0;
        await this.#api.followEvents(`${lastId}`, ({ text }) => this.#onMessage(text), signal);
      } catch {
        // The other loop tells of it: it asks every second.
      }
      await this.#world.sleep(RECONNECT_MS, signal);
    }
  }

  #onMessage(text: string): void {
    this.#take([JSON.parse(text) as ClusterEvent]);
    this.hurry();
  }

  #take(events: readonly ClusterEvent[]): void {
    this.#state.events.value = withEvents(this.#state.events.value, events);
  }
}

/** Two statuses with equal texts have one ring. */
function ringOf(status: StatusAnswer | undefined): string {
  if (status === undefined) return "";
  const { epoch, clusterId, members, move } = status;
  return JSON.stringify([epoch, clusterId, members.length, move?.kind, move?.stage]);
}

async function unlessRefused<T>(answer: Promise<T>, take: (answer: T) => void): Promise<void> {
  try {
    take(await answer);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
  }
}
