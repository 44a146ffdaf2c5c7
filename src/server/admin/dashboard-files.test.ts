import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { utf8 } from "../../base/bytes.ts";
import { DashboardFiles } from "./dashboard-files.ts";

const page = "<!doctype html><title>x</title>";
const built = new Map([
  ["index.html", utf8(page)],
  ["assets/main-1f3a.js", utf8("let x = 1;")],
]);

const plain = (path: string) => ({ path, acceptsGzip: false });

test("the root is the page, asked for anew each time", async () => {
  const answer = await new DashboardFiles(async () => built).answer(plain("/"));
  expect(answer!.status).toBe(200);
  expect(await answer!.text()).toBe(page);
  expect(answer!.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(answer!.headers.get("cache-control")).toBe("no-cache");
});

test("what is named by its content may be kept for ever", async () => {
  const answer = await new DashboardFiles(async () => built).answer(plain("/assets/main-1f3a.js"));
  expect(answer!.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(answer!.headers.get("cache-control")).toContain("immutable");
});

test("no page of others may frame it, and it may load and ask nothing but its own node", async () => {
  const answer = await new DashboardFiles(async () => built).answer(plain("/"));
  const policy = answer!.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

test("is zipped for whoever takes that", async () => {
  const files = new DashboardFiles(async () => built);
  const answer = await files.answer({ path: "/", acceptsGzip: true });
  expect(answer!.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await answer!.arrayBuffer()).toString()).toBe(page);
});

test("a browser that has it already is told so", async () => {
  const files = new DashboardFiles(async () => built);
  const first = await files.answer(plain("/"));
  const again = await files.answer({ ...plain("/"), knownTag: first!.headers.get("etag")! });
  expect(again!.status).toBe(304);
  expect(await again!.text()).toBe("");
});

test("has nothing elsewhere, and no way out of its folder", async () => {
  const files = new DashboardFiles(async () => built);
  for (const path of ["/api/status", "/assets/", "/../package.json", "/assets/%2e%2e/index.html"]) {
    expect(await files.answer(plain(path))).toBeUndefined();
  }
});

test("a checkout without it says how to get it", async () => {
  const answer = await new DashboardFiles(async () => new Map()).answer(plain("/"));
  expect(answer!.status).toBe(503);
  expect(await answer!.text()).toContain("npm run build");
});

test("reads once; a failure is not kept", async () => {
  let reads = 0;
  const files = new DashboardFiles(async () => {
    reads++;
    if (reads === 1) throw new Error("no such disk");
    return built;
  });
  await expect(files.answer(plain("/"))).rejects.toThrow("no such disk");
  await files.answer(plain("/"));
  await files.answer(plain("/"));
  expect(reads).toBe(2);
});
