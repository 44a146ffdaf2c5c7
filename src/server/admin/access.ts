/**
 * Who may use the admin door. Without a token only this machine's own programs reach it; but so does any web page that a
 * browser of this machine shows, so what a page of another site could make a browser do is refused.
 *
 *   token        everything but probes and the dashboard's own files needs it, wherever the request comes from
 *   no token     the Host must be a loopback name: else another site's name has been pointed at this machine
 *   a change     needs the header `x-kvorum-admin: 1`, which other sites' pages cannot send; and no foreign Origin
 */
import { createHash, timingSafeEqual } from "node:crypto";

export const CHANGE_HEADER = "x-kvorum-admin";

/** Names of this machine that no other can have. */
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
const READING = new Set(["GET", "HEAD"]);

export interface Refused {
  readonly status: 401 | 403;
  readonly code: string;
  readonly message: string;
}

export interface AccessRules {
  readonly token: string | undefined;
  /** True for what tells nothing about the data: probes, and the files of the dashboard. */
  isPublic(path: string): boolean;
}

/** Undefined if the request may be answered. */
export function refuseAccess(request: Request, { token, isPublic }: AccessRules): Refused | undefined {
  const { method, headers, url } = request;
  const host = headers.get("host") ?? new URL(url).host;
  if (token === undefined && !LOOPBACK_HOST.test(host))
    return {
      status: 403,
      code: "FOREIGN_HOST",
      message: "call it by a loopback address: 127.0.0.1, ::1, localhost",
    };
  if (!READING.has(method)) {
    if (headers.get(CHANGE_HEADER) !== "1")
      return { status: 403, code: "NO_ADMIN_HEADER", message: `changes need the header ${CHANGE_HEADER}: 1` };
    if (isForeign(headers, host))
      return { status: 403, code: "FOREIGN_ORIGIN", message: "pages of other sites may not change anything" };
  } else if (isPublic(new URL(url).pathname)) return undefined;
  if (token === undefined || isShown(headers.get("authorization"), token)) return undefined;
  return { status: 401, code: "UNAUTHORIZED", message: "show the token: Authorization: Bearer TOKEN" };
}

function isForeign(headers: Headers, host: string): boolean {
  const origin = headers.get("origin");
  if (headers.get("sec-fetch-site") === "cross-site") return true;
  return origin !== null && origin.replace(/^https?:\/\//, "") !== host;
}

/** Takes as long for any guess. */
function isShown(authorization: string | null, token: string): boolean {
  const guess = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1];
  return guess !== undefined && timingSafeEqual(digestOf(guess), digestOf(token));
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
