/**
 * The dashboard's files, as `npm run build` has made them: read once, at the first request, then served from memory.
 *
 *   GET /            index.html, asked for anew each time
 *   GET /assets/...  named by a digest of what is in them, so that browsers may keep them for ever
 *
 * They hold no data of anybody, so they need no token. The browser is told to run nothing but these files and to ask nobody but
 * this node.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { readPackagedFiles } from "../../runtime/nodejs/packaged-files.ts";

/** By path: "index.html", "assets/main-1f3a.js". */
export type FileReader = () => Promise<ReadonlyMap<string, Uint8Array>>;

export interface DashboardRequest {
  /** "/": index.html. */
  readonly path: string;
  readonly acceptsGzip: boolean;
  /** What the browser has already: its `If-None-Match`. */
  readonly knownTag?: string | undefined;
}

interface ServedFile {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
  readonly tag: string;
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Of every answer, so that no other page can show or read it. */
const PROTECTION = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

const NOT_BUILT =
  "There is no dashboard here: this checkout was compiled without it. `npm run build` makes it.\n";

export class DashboardFiles {
  readonly #read: FileReader;
  #files: Promise<ReadonlyMap<string, ServedFile>> | undefined;

  constructor(read: FileReader = readBuiltDashboard) {
    this.#read = read;
  }

  /** Undefined if the dashboard has nothing there. Rejects with StoreError IO. */
  async answer({ path, acceptsGzip, knownTag }: DashboardRequest): Promise<Response | undefined> {
    const name = path === "/" ? "index.html" : path.slice(1);
    const files = await this.#load();
    const file = files.get(name);
    if (file === undefined) {
      if (name !== "index.html") return undefined;
      const headers = { ...PROTECTION, "content-type": "text/plain; charset=utf-8" };
      return new Response(NOT_BUILT, { status: 503, headers });
    }
    const headers = headersOf(name, file.tag);
    if (knownTag === file.tag) return new Response(null, { status: 304, headers });
    if (!acceptsGzip) return new Response(file.plain, { headers });
    return new Response(file.zipped, { headers: { ...headers, "content-encoding": "gzip" } });
  }

  async #load(): Promise<ReadonlyMap<string, ServedFile>> {
    this.#files ??= this.#read().then(
      (files) => new Map([...files].map(([name, bytes]) => [name, served(bytes)])),
    );
    try {
      return await this.#files;
    } catch (cause) {
      this.#files = undefined; // the next request tries again
      throw cause;
    }
  }
}

function headersOf(name: string, tag: string): Readonly<Record<string, string>> {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  return {
    ...PROTECTION,
    "content-type": CONTENT_TYPES[ending] ?? "application/octet-stream",
    "cache-control": name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    etag: tag,
  };
}

function served(bytes: Uint8Array): ServedFile {
  const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  return { plain: Uint8Array.from(bytes), zipped: Uint8Array.from(gzipSync(bytes)), tag };
}

/** From sources and from the package alike: both are three folders below what holds dist/. */
function readBuiltDashboard(): Promise<ReadonlyMap<string, Uint8Array>> {
  return readPackagedFiles(new URL("../../../dist/dashboard/", import.meta.url));
}
