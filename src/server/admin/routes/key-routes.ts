/** One key: where it lives, what each replica has of it, and how a conflict is settled. */
import { toText, utf8 } from "../../../base/bytes.ts";
import { KEY_BYTES_MAX } from "../../../storage/row-key.ts";
import { whereaboutsOf } from "../../cluster/key-whereabouts.ts";
import type { Server } from "../../server.ts";
import { AdminError, type AdminRoute, failure, json } from "../admin-route.ts";
import { callServer } from "../inner-client.ts";

const DATABASE = 0;

const key: AdminRoute = {
  method: "get",
  path: "/api/key",
  summary: "Where a key lives, and what each replica has of it now. Nothing is merged or mended by looking.",
  query: { key: "the key", encoding: "of the key: utf8, which it is if not given, or base64" },
  failures: { 400: "no such key can be" },
  answer: async ({ server }, request) => {
    requireKeyAccess(server);
    const { searchParams } = new URL(request.url);
    const name = keyOf(searchParams.get("key"), searchParams.get("encoding") ?? "utf8");
    return json(await whereaboutsOf(server, { database: DATABASE, key: name }));
  },
};

const resolve: AdminRoute = {
  method: "post",
  path: "/api/key/resolve",
  summary:
    "Replaces the values of a key that a context has seen, as KV.PUT does; others stay beside the new one.",
  body: {
    key: "the key",
    encoding: "of key and value: utf8, which it is if not given, or base64",
    value: "what the key shall be",
    context: "what has been seen: `merged.context` of /api/key",
  },
  failures: {
    400: "the request is not like that",
    503: "the write was refused, or may not have happened: the code says which",
  },
  answer: async ({ server }, request) => {
    requireKeyAccess(server);
    const { key: name, value, context, encoding = "utf8" } = await textsIn(request);
    if (value === undefined || context === undefined) throw invalid("key, value and context are needed");
    const args = ["KV.PUT", keyOf(name ?? null, encoding), decoded(value, encoding), "CONTEXT", context];
    const reply = await callServer(server, args);
    if (reply instanceof Uint8Array) return json({ context: toText(reply) });
    const { kind, text = "" } = reply as { kind?: string; text?: string };
    const [code = "ERR", ...words] = text.split(" ");
    const isMistake = kind === "failure" && code === "ERR";
    return failure(isMistake ? 400 : 503, isMistake ? "INVALID_REQUEST" : code, words.join(" "));
  },
};

export const KEY_ROUTES: readonly AdminRoute[] = [key, resolve];

/** Who sets a password for clients does not want values to be had here without one. */
function requireKeyAccess({ settings: { password, adminToken } }: Server): void {
  if (password === undefined || adminToken !== undefined) return;
  const text =
    "clients need a password, so this needs an admin token: set KVORUM_ADMIN_TOKEN or --admin-token-file";
  throw new AdminError(403, "NEEDS_TOKEN", text);
}

function keyOf(text: string | null, encoding: string): Uint8Array {
  if (text === null) throw invalid("key is needed");
  const bytes = decoded(text, encoding);
  if (bytes.length > KEY_BYTES_MAX) throw invalid(`key is longer than ${KEY_BYTES_MAX} bytes`);
  return bytes;
}

function decoded(text: string, encoding: string): Uint8Array {
  if (encoding === "utf8") return utf8(text);
  if (encoding !== "base64") throw invalid("encoding must be utf8 or base64");
  const bytes = Buffer.from(text, "base64");
  // It skips what is no base64.
  if (bytes.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, ""))
    throw invalid("that is not base64");
  return bytes;
}

/** The members of a JSON object that are texts. */
async function textsIn(request: Request): Promise<Readonly<Record<string, string>>> {
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    throw invalid("the body is not JSON");
  }
  if (typeof body !== "object" || body === null) throw invalid("the body is not a JSON object");
  return Object.fromEntries(Object.entries(body).filter(([, value]) => typeof value === "string"));
}

function invalid(message: string): AdminError {
  return new AdminError(400, "INVALID_REQUEST", message);
}
