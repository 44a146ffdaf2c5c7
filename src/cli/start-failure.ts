/** Why a node could not start, and what to do about it, in words for the person who started it. */
import { StoreError } from "../base/errors.ts";
import type { ServeSettings } from "./serve-settings.ts";

/** "ENOENT" and the like: the system's own code, if the system is what failed. */
export function systemCodeOf(cause: unknown): string | undefined {
  const error = cause instanceof StoreError ? cause.cause : cause;
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

export function isPortTaken(cause: unknown): boolean {
  return systemCodeOf(cause) === "EADDRINUSE";
}

export function explainFailure(cause: unknown, { host, port }: ServeSettings): string {
  const address = addressOf(host, port);
  switch (systemCodeOf(cause)) {
    case "EADDRINUSE":
      return `cannot listen on ${address}: the port is taken; stop what holds it, or choose another with --port or --port-search`;
    case "EACCES":
      return `cannot listen on ${address}: not allowed; ports below 1024 need privileges, so choose another with --port`;
    case "EADDRNOTAVAIL":
      return `cannot listen on ${address}: this machine has no such address; choose another with --host`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `cannot listen on ${address}: no machine of that name is known; choose another with --host`;
    default:
      return `cannot start: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

/** "127.0.0.1:6379", or "[::1]:6379". */
export function addressOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
