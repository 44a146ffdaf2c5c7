/** HTTP by node:http. */
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { ioError } from "../io-error.ts";
import type { AnswerRequest, Web, WebListener } from "../web.ts";

/** Of one request's headers; who sends less in this time is cut off. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 256;

export function createNodejsWeb(): Web {
  return {
    async listen({ host, port }, answer): Promise<WebListener> {
      const server = createServer(
        { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
        listenerFor(answer),
      );
      server.maxConnections = CONNECTIONS_MAX;
      await listening(server, host, port);
      const bound = server.address();
      const { address, port: boundPort } =
        bound !== null && typeof bound === "object" ? bound : { address: host, port };
      return { host: address, port: boundPort, close: () => closed(server) };
    },
  };
}

function listenerFor(answer: AnswerRequest) {
  return getRequestListener((request) => answer(request), { overrideGlobalObjects: false });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void =>
      reject(ioError("not-applied", `cannot listen on ${host}:${port}`, cause));
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
