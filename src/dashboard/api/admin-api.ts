/** Asks the node that served this page. */
import type { RequestOptions, World } from "../browser/browser-world.ts";
import type {
  ClusterEvent,
  HistoryAnswer,
  HotKeyOrder,
  HotKeysAnswer,
  KeyAnswer,
  RingAnswer,
  StatusAnswer,
  SummaryAnswer,
} from "./answers.ts";
import { EventStreamParser, type StreamedMessage } from "./event-stream.ts";

/** A node that does not answer in time is as good as dead, for who looks at it. */
const TIMEOUT_MS = 1500;
/** The node must ask other nodes. */
const KEY_TIMEOUT_MS = 6000;
const HOT_KEY_COUNT = 10;

/** The node wants a token, or another one. */
export class TokenWanted extends Error {}

/** The node has answered, and said no. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Methods reject with TokenWanted, Refused, or whatever the browser says of a node that does not answer. */
export class AdminApi {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  status(): Promise<StatusAnswer> {
    return this.#get("/api/status");
  }

  ring(): Promise<RingAnswer> {
    return this.#get("/api/ring");
  }

  summary(): Promise<SummaryAnswer> {
    return this.#get("/api/metrics/summary");
  }

  history(seconds: number): Promise<HistoryAnswer> {
    return this.#get(`/api/metrics/history?seconds=${seconds}`);
  }

  hotKeys(by: HotKeyOrder): Promise<HotKeysAnswer> {
    return this.#get(`/api/hotkeys?by=${by}&count=${HOT_KEY_COUNT}`);
  }

  recentEvents(): Promise<readonly ClusterEvent[]> {
    return this.#get("/api/events/recent");
  }

  key(key: string): Promise<KeyAnswer> {
    return this.#get(`/api/key?key=${encodeURIComponent(key)}`, KEY_TIMEOUT_MS);
  }

  /** Resolves to the new context. */
  async resolve(key: string, value: string, context: string): Promise<void> {
    await this.#ask("/api/key/resolve", {
      method: "POST",
      headers: { "content-type": "application/json", "x-kvorum-admin": "1" },
      body: JSON.stringify({ key, value, context }),
      timeoutMs: KEY_TIMEOUT_MS,
    });
  }

  /** Events after that id. Resolves when the node has ended the stream; rejects when it breaks. */
  async followEvents(
    afterId: string,
    onMessage: (message: StreamedMessage) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const headers = { accept: "text/event-stream", "last-event-id": afterId };
    const response = await this.#ask("/api/events", { headers, timeoutMs: TIMEOUT_MS, signal });
    const parser = new EventStreamParser(onMessage);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(value);
    }
  }

  async #get<T>(path: string, timeoutMs = TIMEOUT_MS): Promise<T> {
    const response = await this.#ask(path, { timeoutMs });
    return (await response.json()) as T;
  }

  async #ask(path: string, options: RequestOptions): Promise<Response> {
    const token = this.#world.tokens.load();
    const authorization: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await this.#world.request(path, {
      ...options,
      headers: { ...authorization, ...options.headers },
    });
    if (response.ok) return response;
    if (response.status === 401) throw new TokenWanted();
    throw new Refused(response.status, await messageOf(response));
  }
}

/** { error: { code, message } }, or what stands instead. */
async function messageOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    return error?.message ?? text;
  } catch {
    return text === "" ? `the node answered ${response.status}` : text;
  }
}
