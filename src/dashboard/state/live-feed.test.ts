import { beforeEach, expect, test } from "vitest";
import { AdminApi } from "../api/admin-api.ts";
import type { ClusterEvent, StatusAnswer } from "../api/answers.ts";
import { createState, type DashboardState } from "./dashboard-state.ts";
import { FakeWorld, json, refusal } from "./fake-world.fixture.ts";
import { KeyExplorer } from "./key-explorer.ts";
import { LiveFeed } from "./live-feed.ts";

const status: StatusAnswer = {
  ...{ clusterId: "c", epoch: 1, self: "a", sentence: "All is well.", level: "ok" },
  ...{ members: [], keyspaces: [], move: null },
};
const event = (id: number): ClusterEvent => ({ id, atMs: id, kind: "topology", text: `${id}`, level: "ok" });

let world: FakeWorld;
let state: DashboardState;
let feed: LiveFeed;
let ended: AbortController;
let streams: ReadableStreamDefaultController<Uint8Array>[];

beforeEach(() => {
  world = new FakeWorld();
  streams = [];
  world.answers.set("/api/status", json(status));
  world.answers.set("/api/ring", json({ slots: 16384, members: [], next: null }));
  world.answers.set("/api/events/recent", json([event(1)]));
  world.answers.set(
    "/api/events",
    () => new Response(new ReadableStream({ start: (stream) => void streams.push(stream) })),
  );
  const api = new AdminApi(world);
  state = createState(new KeyExplorer(api));
  feed = new LiveFeed(api, world, state);
  ended = new AbortController();
  void feed.run(ended.signal);
  return () => ended.abort();
});

const send = (text: string): void => streams.at(-1)!.enqueue(new TextEncoder().encode(text));
const isLive = () => expect.poll(() => state.link.value).toEqual({ kind: "live" });
const countOf = (path: string): number => world.asked.filter((asked) => asked === path).length;

test("is live once the node has answered; what it does not know is left out", async () => {
  expect(state.link.value).toEqual({ kind: "connecting" });
  await expect.poll(() => state.link.value).toEqual({ kind: "live" });
  expect(state.status.value?.sentence).toBe("All is well.");
  expect(state.summary.value).toBeUndefined();
});

test("asks every second, and for the ring only when that may have changed", async () => {
  await isLive();
  await world.turn();
  await expect.poll(() => countOf("/api/status")).toBe(2);
  await world.turn();
  await expect.poll(() => countOf("/api/status")).toBe(3);
  expect(countOf("/api/ring")).toBe(1);
  world.answers.set("/api/status", json({ ...status, epoch: 2 }));
  await world.turn();
  await expect.poll(() => countOf("/api/ring")).toBe(2);
});

test("an event is shown, and makes it ask at once", async () => {
  await isLive();
  await expect.poll(() => streams.length).toBe(1);
  const before = countOf("/api/status");
  send(`id: 2\ndata: ${JSON.stringify(event(2))}\n\n`);
  await expect.poll(() => state.events.value.map(({ id }) => id)).toEqual([2, 1]);
  await expect.poll(() => countOf("/api/status")).toBe(before + 1);
});

test("a node that does not answer makes the page stale, since its last answer, until it answers", async () => {
  await isLive();
  const lastMs = world.nowMs;
  world.isThere = false;
  await world.turn();
  await expect.poll(() => state.link.value).toEqual({ kind: "stale", sinceMs: lastMs });
  await world.turn();
  expect(state.link.value).toEqual({ kind: "stale", sinceMs: lastMs });
  expect(state.status.value?.sentence).toBe("All is well.");
  world.isThere = true;
  await world.turn();
  await isLive();
});

test("a stream that has ended is taken up again, after what was missed", async () => {
  await expect.poll(() => streams.length).toBe(1);
  world.answers.set("/api/events/recent", json([event(1), event(2)]));
  streams[0]!.close();
  await expect
    .poll(async () => {
      await world.turn();
      return streams.length;
    })
    .toBe(2);
  expect(state.events.value.map(({ id }) => id)).toEqual([2, 1]);
});

test("a node that wants a token is left alone until there is one; a wrong one is told", async () => {
  world.answers.set("/api/status", ({ headers }) =>
    headers?.authorization === "Bearer right" ? Response.json(status) : refusal(401, "no"),
  );
  await isLive();
  await world.turn();
  await expect.poll(() => state.link.value).toEqual({ kind: "locked", wasWrong: false });
  const before = world.asked.length;
  await world.turn();
  await world.turn();
  expect(world.asked.length).toBe(before);
  const tryToken = (token: string): void => {
    world.token = token;
    state.link.value = { kind: "connecting" };
    feed.hurry();
  };
  tryToken("wrong");
  await expect.poll(() => state.link.value).toEqual({ kind: "locked", wasWrong: true });
  tryToken("right");
  await expect.poll(() => state.link.value).toEqual({ kind: "live" });
});
