/** A route of the admin door, as one value: what it answers, and what openapi.json says of it. */
import type { Clock } from "../../runtime/runtime.ts";
import type { EventLog } from "../events/event-log.ts";
import type { MetricSource } from "../metrics/metric-source.ts";
import type { Server } from "../server.ts";

/** What routes have to answer with. */
export interface AdminParts {
  readonly server: Server;
  readonly clock: Clock;
  readonly events: EventLog;
  readonly metrics: MetricSource;
}

export interface AdminRoute {
  readonly method: "get" | "post";
  readonly path: string;
  readonly summary: string;
  /** True if no token is needed, for it tells nothing about the data. */
  readonly isPublic?: boolean;
  /** Of the response; application/json if it is not given. */
  readonly type?: string;
  /** Parameters in the address: name, and what it means. */
  readonly query?: Readonly<Record<string, string>>;
  /** What the body of the request, JSON, holds. */
  readonly body?: Readonly<Record<string, string>>;
  /** Statuses beside 200, 401 and 403. */
  readonly failures?: Readonly<Record<number, string>>;
  answer(parts: AdminParts, request: Request): Response | Promise<Response>;
}

/** A mistake of the caller, told with its status. */
export class AdminError extends Error {
  override readonly name = "AdminError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store" } });
}

export function failure(status: number, code: string, message: string): Response {
  return json({ error: { code, message } }, status);
}

const BODY_BYTES_MAX = 1024 * 1024;

/** The fields of a request's body; none if it has no body. Rejects with AdminError. */
export async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > BODY_BYTES_MAX) throw new AdminError(413, "TOO_LONG", "the body is too long");
  const text = await request.text();
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    // Told below.
  }
  throw new AdminError(400, "INVALID_REQUEST", "the body must be an object as JSON");
}

/** A whole number that the address gives, within bounds. Throws AdminError. */
export function countIn(
  request: Request,
  name: string,
  { fallback, max }: { readonly fallback: number; readonly max: number },
): number {
  const text = new URL(request.url).searchParams.get(name);
  if (text === null || text === "") return fallback;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= max) return count;
  throw new AdminError(400, "INVALID_REQUEST", `${name} must be a whole number from 1 to ${max}`);
}
