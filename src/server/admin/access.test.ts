import { expect, test } from "vitest";
import { refuseAccess } from "./access.ts";

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** The code of the refusal; undefined if there is none. */
function refusal({ method = "GET", path = "/api/status", host = "127.0.0.1:8001", token, headers }: Asked) {
  const request = new Request(`http://x${path}`, { method, headers: { host, ...headers } });
  return refuseAccess(request, { token, isPublic: (asked) => asked === "/healthz" })?.code;
}

const change = { "x-kvorum-admin": "1" };

test("without a token, by a loopback name only", () => {
  for (const host of ["127.0.0.1:8001", "localhost:8001", "[::1]:8001", "LOCALHOST"])
    expect(refusal({ host })).toBeUndefined();
  for (const host of ["evil.example:8001", "127.0.0.1.evil.example", "localhost.evil.example:1", "10.0.0.1"])
    expect(refusal({ host })).toBe("FOREIGN_HOST");
  expect(refusal({ host: "evil.example", path: "/healthz" })).toBe("FOREIGN_HOST");
});

test("with a token, everything but probes needs it, by whatever name", () => {
  const host = "10.0.0.1:8001";
  const token = "opensesame";
  const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });
  expect(refusal({ host, token })).toBe("UNAUTHORIZED");
  expect(refusal({ token })).toBe("UNAUTHORIZED");
  expect(refusal({ host, token, ...bearer("opensesam") })).toBe("UNAUTHORIZED");
  expect(refusal({ host, token, headers: { authorization: token } })).toBe("UNAUTHORIZED");
  expect(refusal({ host, token, ...bearer(token) })).toBeUndefined();
  expect(refusal({ host, token, path: "/healthz" })).toBeUndefined();
  expect(refusal({ host, token, path: "/healthz", method: "POST", headers: change })).toBe("UNAUTHORIZED");
});

test("a change needs the header that pages of other sites cannot send", () => {
  expect(refusal({ method: "POST" })).toBe("NO_ADMIN_HEADER");
  expect(refusal({ method: "DELETE", headers: { "x-kvorum-admin": "0" } })).toBe("NO_ADMIN_HEADER");
  expect(refusal({ method: "POST", headers: change })).toBeUndefined();
});

test("a change that a page asks for must come from this door's own", () => {
  const from = (origin: string) => refusal({ method: "POST", headers: { ...change, origin } });
  expect(from("http://127.0.0.1:8001")).toBeUndefined();
  expect(from("http://evil.example")).toBe("FOREIGN_ORIGIN");
  expect(from("http://127.0.0.1:3000")).toBe("FOREIGN_ORIGIN");
  expect(from("null")).toBe("FOREIGN_ORIGIN");
  const site = { ...change, "sec-fetch-site": "cross-site" };
  expect(refusal({ method: "POST", headers: site })).toBe("FOREIGN_ORIGIN");
});
