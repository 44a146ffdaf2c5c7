/** Overwrites that were stamped elsewhere: however often and wherever they are made, they are one write. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cell } from "../causality/cell.ts";
import { encodeCell } from "../causality/cell-codec.ts";
import { merge } from "../causality/cell-merge.ts";
import { SimRandom } from "../sim/sim-random.ts";
import { CellChanger } from "./cell-changer.ts";
import { NewLife, nthStamp, Stamper } from "./stamper.ts";
import type { Change } from "./step.ts";

const WALL_MS = 1_000_000;
const KEY = Buffer.from("k");

function stamperOf(name: string): Stamper {
  return new Stamper(new NewLife(new SimRandom(name)));
}

function changerOf(name: string): CellChanger {
  return new CellChanger(stamperOf(name), { siblingsMax: 100 });
}

function put(value: string, stamper: Stamper): Change {
  return { kind: "put", value: Buffer.from(value), expiresAtMs: 0, stamp: stamper.relayStamp(1, WALL_MS) };
}

const valuesOf = (cell: Cell): string[] =>
  cell.siblings.map((sibling) => (sibling.kind === "value" ? Buffer.from(sibling.payload).toString() : "+"));

test("made again where it is known, it changes nothing, also what was written or deleted since", () => {
  const changer = changerOf("b");
  const change = put("v1", stamperOf("relay"));
  const first = changer.changed(undefined, change, WALL_MS, KEY);
  expect(changer.changed(first, change, WALL_MS, KEY)).toBe(first);
  const deleted = changer.changed(first, { kind: "delete" }, WALL_MS, KEY);
  expect(changer.changed(deleted, change, WALL_MS, KEY)).toBe(deleted);
  const newer = changer.changed(
    first,
    { kind: "put", value: Buffer.from("v2"), expiresAtMs: 0 },
    WALL_MS,
    KEY,
  );
  expect(changer.changed(newer, change, WALL_MS, KEY)).toBe(newer);
});

test("made at two replicas it is one write: whoever has seen the one has seen the other", () => {
  const names = fc.constantFrom("set", "delete", "increment");
  fc.assert(
    fc.property(fc.array(names), fc.array(names), fc.array(names), (before, there, after) => {
      const [a, b] = [changerOf("a"), changerOf("b")];
      const relay = stamperOf("relay");
      const step = (changer: CellChanger, cell: Cell | undefined, name: string): Cell => {
        if (name === "delete") return changer.changed(cell, { kind: "delete" }, WALL_MS, KEY);
        if (name === "increment") return changer.changed(cell, { kind: "increment", by: 1n }, WALL_MS, KEY);
        return changer.changed(cell, put("other", relay), WALL_MS, KEY);
      };
      const common = before.reduce<Cell | undefined>((cell, name) => step(a, cell, name), undefined);
      const change = put("v1", relay);
      let here = b.changed(common, change, WALL_MS, KEY);
      for (const name of after) here = step(b, here, name);
      const gone = b.changed(here, { kind: "delete" }, WALL_MS, KEY);
      const stale = there.reduce<Cell | undefined>((cell, name) => step(a, cell, name), common);
      const late = a.changed(stale, change, WALL_MS, KEY);
      expect(valuesOf(merge(gone, late))).not.toContain("v1");
      expect(encodeCell(merge(gone, late))).toEqual(encodeCell(merge(late, gone)));
    }),
  );
});

test("several stamps are of one time, one after the other", () => {
  const relay = stamperOf("relay");
  const first = relay.relayStamp(3, WALL_MS);
  const counters = [0, 1, 2].map((i) => nthStamp(first, i).dot.counter);
  expect(counters).toEqual([1, 2, 3]);
  expect(relay.relayStamp(1, WALL_MS).dot.counter).toBe(4);
  expect(relay.stamp(WALL_MS).dot).toEqual({ actor: relay.actor, counter: 5 });
  expect(first.dot.actor).not.toBe(relay.actor);
});

test("a row takes the stamps of so many nodes and no more", () => {
  const changer = changerOf("a");
  let cell: Cell | undefined;
  for (let i = 0; i < 16; i++)
    cell = changer.changed(cell, put(`v${i}`, stamperOf(`relay ${i}`)), WALL_MS, KEY);
  const another = put("v", stamperOf("relay 16"));
  expect(() => changer.changed(cell, another, WALL_MS, KEY)).toThrow("too many nodes have written the key");
  expect(valuesOf(changer.changed(cell, put("v", withCounter("relay 3", 2)), WALL_MS, KEY))).toEqual(["v"]);
});

/** A stamper that has given so many stamps already. */
function withCounter(name: string, count: number): Stamper {
  const stamper = stamperOf(name);
  stamper.relayStamp(count, WALL_MS);
  return stamper;
}

test("a stamp far in the future is refused", () => {
  const ahead = {
    ...put("v", stamperOf("relay")),
    stamp: stamperOf("relay").relayStamp(1, WALL_MS + 60_000),
  };
  expect(() => changerOf("a").changed(undefined, ahead, WALL_MS, KEY)).toThrow("ahead of this node's clock");
});
