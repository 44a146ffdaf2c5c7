import { beforeEach, expect, test } from "vitest";
import { AdminApi } from "../api/admin-api.ts";
import { FakeWorld, json, refusal } from "./fake-world.fixture.ts";
import { KeyExplorer } from "./key-explorer.ts";

const answer = (key: string, context = "seen") => ({ key, merged: { context, siblings: [] }, replicas: [] });

let world: FakeWorld;
let explorer: KeyExplorer;

beforeEach(() => {
  world = new FakeWorld();
  explorer = new KeyExplorer(new AdminApi(world));
  world.answers.set("/api/key", json(answer("a b")));
});

test("asks for the key as it was typed", async () => {
  await explorer.explore("a b");
  expect(world.asked).toEqual(["/api/key?key=a%20b"]);
  expect(explorer.lookup.value).toMatchObject({ kind: "found", answer: { key: "a b" } });
});

test("an answer that comes too late does not take the place of another key's", async () => {
  let answerLate: (response: Response) => void = () => undefined;
  world.answers.set("/api/key", () => new Promise((resolve) => (answerLate = resolve)));
  const first = explorer.explore("slow");
  await world.settle();
  world.answers.set("/api/key", json(answer("quick")));
  await explorer.explore("quick");
  answerLate(Response.json(answer("slow")));
  await first;
  expect(explorer.lookup.value).toMatchObject({ answer: { key: "quick" } });
});

test("looking again leaves alone what the user writes", async () => {
  await explorer.explore("a b");
  explorer.draft.value = "half a sen";
  await explorer.refresh();
  expect(explorer.draft.value).toBe("half a sen");
});

test("settles with the context that was seen, and looks again", async () => {
  await explorer.explore("a b");
  explorer.draft.value = "tea";
  const bodies: string[] = [];
  world.answers.set("/api/key/resolve", ({ method, headers, body }) => {
    bodies.push(`${method} ${headers?.["x-kvorum-admin"]} ${body}`);
    return Response.json({ context: "new" });
  });
  await explorer.resolve();
  expect(bodies).toEqual(['POST 1 {"key":"a b","value":"tea","context":"seen"}']);
  expect(explorer.resolution.value).toEqual({ kind: "done" });
  expect(explorer.draft.value).toBeUndefined();
  expect(world.asked.at(-1)).toBe("/api/key?key=a%20b");
});

test("what the node refuses is told, and the draft is kept", async () => {
  await explorer.explore("a b");
  explorer.draft.value = "tea";
  world.answers.set("/api/key/resolve", () => refusal(503, "NOTAPPLIED too few replicas"));
  await explorer.resolve();
  expect(explorer.resolution.value).toEqual({ kind: "failed", reason: "NOTAPPLIED too few replicas" });
  expect(explorer.draft.value).toBe("tea");
  world.isThere = false;
  await explorer.resolve();
  expect(explorer.resolution.value).toMatchObject({ kind: "failed", reason: "The node does not answer." });
});

test("an empty key shows nothing", async () => {
  await explorer.explore("a b");
  await explorer.explore("");
  expect(explorer.lookup.value).toEqual({ kind: "none" });
});
