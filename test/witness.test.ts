/** The witness of cluster-kills.test.ts: content with a store that keeps its word, and with no other. */
import { expect, test } from "vitest";
import { failure, type Reply } from "../src/resp/reply.ts";
import { SimRandom } from "../src/sim/sim-random.ts";
import { type Outcome, Witness } from "./support/cluster/witness.ts";
import type { Call } from "./support/raw-client.ts";

/** A store in a map, which may lie. */
class Store {
  readonly rows = new Map<string, string>();

  answer([name, key, value]: Call): Reply {
    const at = String(key);
    if (name === "set") this.rows.set(at, String(value));
    if (name === "incr") this.rows.set(at, `${Number(this.rows.get(at) ?? 0) + 1}`);
    if (name === "del") return this.rows.delete(at) ? 1 : 0;
    if (name === "kv.get") return this.rows.has(at) ? ["context", this.rows.get(at)!] : ["context"];
    return name === "get" ? (this.rows.get(at) ?? null) : "OK";
  }
}

/** Has a witness write, `lie` standing between it and the store. */
async function witnessed(lie: (store: Store, call: Call) => Outcome) {
  const store = new Store();
  const witness = new Witness("w", new SimRandom("witness"));
  for (let i = 0; i < 500; i++) await witness.act(async (call) => lie(store, call));
  return { store, check: () => witness.check(async (call) => store.answer(call)) };
}

const honest = (store: Store, call: Call): Outcome => ({ kind: "reply", reply: store.answer(call) });

test("is content with a store that keeps its word, and says no when it cannot", async () => {
  let count = 0;
  const { check } = await witnessed((store, call) => {
    count++;
    if (count % 10 === 0)
      return { kind: "reply", reply: failure("QUORUMUNAVAILABLE NOTAPPLIED two are down") };
    if (count % 17 === 0) return { kind: "unknown" };
    if (count % 19 === 0) {
      store.answer(call);
      return { kind: "unknown" };
    }
    return honest(store, call);
  });
  expect(await check()).toBeUndefined();
});

test("sees a write that is lost", async () => {
  const { store, check } = await witnessed(honest);
  const [key] = [...store.rows.keys()].filter((each) => !each.endsWith(":counter"));
  store.rows.delete(key!);
  expect(await check()).toContain("was acknowledged, and is lost");
});

test("sees an increment that is lost, and one that nobody made", async () => {
  for (const change of [-1, 1]) {
    const { store, check } = await witnessed(honest);
    store.rows.set("w:counter", `${Number(store.rows.get("w:counter")) + change}`);
    expect(await check()).toMatch(/^w:counter: \d+, but (\d+) to \1 were promised$/);
  }
});

test("sees what was deleted and is back", async () => {
  let deleted: [string, string] | undefined;
  const { store, check } = await witnessed((store, call) => {
    const key = String(call[1]);
    if (call[0] === "del" && store.rows.has(key)) deleted = [key, store.rows.get(key)!];
    return honest(store, call);
  });
  store.rows.set(...deleted!);
  expect(await check()).toContain("was deleted or refused, and is there");
});

test("sees what was refused as not applied, and is there", async () => {
  const { check } = await witnessed((store, call) => {
    const { reply } = honest(store, call) as { reply: Reply };
    return { kind: "reply", reply: call[0] === "set" ? failure("OVERLOADED NOTAPPLIED not now") : reply };
  });
  expect(await check()).toContain("was deleted or refused, and is there");
});
