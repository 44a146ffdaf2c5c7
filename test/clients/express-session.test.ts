/** Sessions of a web application: express, express-session and connect-redis. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createClient } from "redis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ServingNode } from "../support/serving-node.ts";

const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400; // how long connect-redis keeps a session whose cookie does not say

let node: ServingNode;
let redis: ReturnType<typeof connect>;
const servers: Server[] = [];

function connect() {
  return createClient({ socket: { port: node.port } });
}

beforeAll(async () => {
  node = await ServingNode.start();
  redis = connect();
  await redis.connect();
});

beforeEach(() => redis.flushAll());

afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await redis?.close();
  await node?.close();
});

/** Resolves to the URL of an application that remembers who has logged in. */
async function startApplication(cookie?: { maxAge: number }): Promise<string> {
  const application = express();
  const store = new RedisStore({ client: redis });
  application.use(
    session({ store, secret: "cat", resave: false, saveUninitialized: false, ...(cookie && { cookie }) }),
  );
  application.post("/login/:user", (request, response) => {
    request.session.user = request.params.user!;
    response.sendStatus(204);
  });
  application.get("/me", (request, response) => response.send(request.session.user ?? "nobody"));
  application.post("/logout", (request, response, next) =>
    request.session.destroy((error) => (error ? next(error) : response.sendStatus(204))),
  );
  const server = createServer(application).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A browser, which keeps its cookie. */
class Browser {
  #cookie = "";

  async post(url: string): Promise<void> {
    const response = await fetch(url, { method: "POST", headers: { cookie: this.#cookie } });
    expect(response.status).toBe(204);
    this.#cookie = response.headers.get("set-cookie")?.split(";")[0] ?? this.#cookie;
  }

  async read(url: string): Promise<string> {
    const response = await fetch(url, { headers: { cookie: this.#cookie } });
    return response.text();
  }
}

/** The one session that is stored. */
async function onlySession(): Promise<string> {
  const keys = await redis.keys("sess:*");
  expect(keys).toHaveLength(1);
  return keys[0]!;
}

test("who has logged in is known, and known to every process of the application", async () => {
  const [one, other] = [await startApplication(), await startApplication()];
  const [ann, bob, stranger] = [new Browser(), new Browser(), new Browser()];
  await ann.post(`${one}/login/ann`);
  await bob.post(`${other}/login/bob`);
  expect(await ann.read(`${one}/me`)).toBe("ann");
  expect(await ann.read(`${other}/me`)).toBe("ann");
  expect(await bob.read(`${one}/me`)).toBe("bob");
  expect(await stranger.read(`${one}/me`)).toBe("nobody");
});

test("a session lives as long as its cookie, and a day if that does not say", async () => {
  await new Browser().post(`${await startApplication({ maxAge: HOUR_MS })}/login/ann`);
  expect(await redis.ttl(await onlySession())).toSatisfy((seconds) => seconds > 3_500 && seconds <= 3_600);
  await redis.flushAll();
  await new Browser().post(`${await startApplication()}/login/ann`);
  expect(await redis.ttl(await onlySession())).toBeGreaterThan(DAY_SECONDS - 100);
});

test("each visit begins its time anew", async () => {
  const application = await startApplication({ maxAge: HOUR_MS });
  const ann = new Browser();
  await ann.post(`${application}/login/ann`);
  const key = await onlySession();
  await redis.expire(key, 100);
  expect(await ann.read(`${application}/me`)).toBe("ann");
  expect(await redis.ttl(key)).toBeGreaterThan(3_500);
});

test("when its time is over it is forgotten", async () => {
  const application = await startApplication();
  const ann = new Browser();
  await ann.post(`${application}/login/ann`);
  const key = await onlySession();
  await redis.pExpire(key, 1);
  while ((await redis.exists(key)) === 1); // as long as the node says so, it must be there
  expect(await ann.read(`${application}/me`)).toBe("nobody");
});

test("logging out forgets it", async () => {
  const application = await startApplication();
  const [ann, bob] = [new Browser(), new Browser()];
  await ann.post(`${application}/login/ann`);
  await bob.post(`${application}/login/bob`);
  await ann.post(`${application}/logout`);
  expect(await ann.read(`${application}/me`)).toBe("nobody");
  expect(await bob.read(`${application}/me`)).toBe("bob");
  expect(await redis.get(await onlySession())).toContain("bob");
});

test("the store lists, counts and clears its sessions and nothing else", async () => {
  const application = await startApplication();
  const store = new RedisStore({ client: redis });
  await redis.set("other", "stays");
  await Promise.all(["ann", "bob", "cid"].map((user) => new Browser().post(`${application}/login/${user}`)));
  expect(await store.length()).toBe(3);
  expect(await store.ids()).toHaveLength(3);
  const users = (await store.all()).map(({ user }: { user: string }) => user);
  expect(users.sort()).toEqual(["ann", "bob", "cid"]);
  await store.clear();
  expect(await store.length()).toBe(0);
  expect(await redis.get("other")).toBe("stays");
});
