/**
 * The door for HTTP, apart from Runtime: few nodes that are made by code want one. What answers is a function from a
 * request to its response, as the Fetch standard has them, so that it can be tested without any network.
 */
import type { Listener, ListenOptions } from "./runtime.ts";

export type AnswerRequest = (request: Request) => Response | Promise<Response>;

export interface Web {
  /** Resolves when requests are answered. Rejects with StoreError `IO` (cause.code "EADDRINUSE", ...). */
  listen(options: Pick<ListenOptions, "host" | "port">, answer: AnswerRequest): Promise<WebListener>;
}

export interface WebListener extends Listener {
  /** Stops accepting, and ends the connections there are: streams of events never end by themselves. */
  close(): Promise<void>;
}
