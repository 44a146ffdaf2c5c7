/** The dashboard's only door to the browser's clock, network and storage. Tests open another one. */

export interface World {
  /** Milliseconds since 1970. */
  wallMs(): number;
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** As `fetch`; gives up after `timeoutMs`, which counts up to the answer's head. */
  request(path: string, options: RequestOptions): Promise<Response>;
  readonly tokens: TokenStore;
}

export interface RequestOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Forgotten when the tab is closed. */
export interface TokenStore {
  load(): string | undefined;
  save(token: string): void;
}

const TOKEN_NAME = "kvorum-admin-token";

export function browserWorld(): World {
  return {
    wallMs: () => Date.now(),
    sleep,
    request,
    tokens: {
      load: () => sessionStorage.getItem(TOKEN_NAME) ?? undefined,
      save: (token) => sessionStorage.setItem(TOKEN_NAME, token),
    },
  };
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, signal?.aborted === true ? 0 : delayMs);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function request(path: string, { timeoutMs, signal, ...rest }: RequestOptions): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  signal?.addEventListener("abort", () => abort.abort());
  try {
    return await fetch(path, {
      ...rest,
      signal: abort.signal,
      cache: "no-store",
      credentials: "same-origin",
    });
  } finally {
    clearTimeout(timer);
  }
}
