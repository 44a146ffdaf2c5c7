import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { MethodHandler } from "./peer-door.ts";
import { ReopeningTurns } from "./reopening-turns.ts";

/** Members who ask each other at once; `down` ones answer nobody, and `old` ones know of no turns. */
class Members {
  nowMs = 0;
  readonly down = new Set<NodeId>();
  readonly old = new Set<NodeId>();
  readonly turns = new Map<NodeId, ReopeningTurns>();
  readonly #handlers = new Map<NodeId, MethodHandler>();

  constructor(partners: Readonly<Record<NodeId, readonly NodeId[]>>) {
    for (const [self, others] of Object.entries(partners)) {
      const turns = new ReopeningTurns({
        clock: { monotonicMs: () => this.nowMs },
        self,
        partners: () => others,
        peers: { call: (to, method, payload) => this.#call(self, to, method, payload) },
        door: { serve: (_, handler) => void this.#handlers.set(self, handler) },
      });
      this.turns.set(self, turns);
    }
  }

  take(id: NodeId): Promise<boolean> {
    return this.turns.get(id)!.take();
  }

  async #call(from: NodeId, to: NodeId, method: number, payload: Uint8Array): Promise<Uint8Array> {
    await Promise.resolve();
    if (this.down.has(to)) throw new StoreError("QUORUM_TIMEOUT", "unknown", "it is down");
    if (this.old.has(to)) throw new StoreError("INVALID_REQUEST", "not-applied", "there is no method 98");
    const range = { bytes: payload, start: 0, end: payload.length };
    return (await this.#handlers.get(to)!(method, range, from, undefined as never))!;
  }
}

const three = { a: ["b", "c"], b: ["c", "a"], c: ["a", "b"] };

test("of all who ask at once one gets the turn, and the others do once it has had its time", async () => {
  const members = new Members(three);
  const ask = async (): Promise<NodeId[]> => {
    const all = await Promise.all(["c", "b", "a"].map(async (id) => ((await members.take(id)) ? id : "")));
    return all.filter((id) => id !== "");
  };
  const first = await ask();
  expect(first.length).toBe(1);
  members.nowMs = 60_000;
  for (const other of ["a", "b", "c"].filter((id) => id !== first[0]))
    expect(await members.take(other)).toBe(false);
  members.nowMs = 180_000;
  expect((await ask()).length).toBe(1);
});

test("who has the turn has it still if it asks again, as after another start", async () => {
  const members = new Members(three);
  expect([await members.take("b"), await members.take("b"), await members.take("a")]).toEqual([
    true,
    true,
    false,
  ]);
});

test("who could not ask all lets go of those that it has asked", async () => {
  const members = new Members(three);
  members.down.add("c");
  expect(await members.take("b")).toBe(false);
  members.down.clear();
  expect(await members.take("a")).toBe(true);
});

test("members that share no slots do not wait for each other, and who knows of no turns keeps nobody waiting", async () => {
  const pairs = new Members({ a: ["b"], b: ["a"], c: ["d"], d: ["c"] });
  expect([await pairs.take("a"), await pairs.take("d")]).toEqual([true, true]);
  const members = new Members(three);
  members.old.add("b");
  expect(await members.take("a")).toBe(true);
});
