/**
 * Lets a listening server rest when connections cannot be accepted. What waits to be accepted stays there, and is told
 * of again in every turn of the event loop: without a rest that takes all of the processor. (Where no descriptor is left
 * libuv first accepts and closes at once, by one that it has set aside; but another thread may take that one.)
 *
 * While the server rests it does not listen: who comes is refused.
 */
import type { Server } from "node:net";

export const REST_MS = 100;

export interface AcceptRest {
  /** The server listens no more. */
  end(): void;
}

/** Requires: `server` listens, at this address. `onFailure` is told of every failure. */
export function restAfterFailures(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  onFailure: (cause: Error) => void,
): AcceptRest {
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const listenAgain = (): void => {
    timer = undefined;
    server.listen({ host, port });
  };
  server.on("error", (cause) => {
    onFailure(cause);
    if (timer !== undefined || hasEnded) return;
    server.close(); // or it could not listen again: then this does nothing
    timer = setTimeout(listenAgain, REST_MS);
  });
  const end = (): void => {
    hasEnded = true;
    clearTimeout(timer);
    server.close();
  };
  return { end };
}
