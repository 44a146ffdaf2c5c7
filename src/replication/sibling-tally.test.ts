import { expect, test } from "vitest";
import { encodeCell } from "../causality/cell-codec.ts";
import { clusterRules } from "../node/cell-rules.ts";
import { SimRandom } from "../sim/sim-random.ts";
import { RowKey } from "../storage/row-key.ts";
import { CellChanger } from "./cell-changer.ts";
import { SiblingTally } from "./sibling-tally.ts";
import { NewLife, Stamper } from "./stamper.ts";

const KEY = Buffer.from("carts:7");

function writer(name: string): CellChanger {
  return new CellChanger(new Stamper(new NewLife(new SimRandom(name))), { siblingsMax: 9 });
}

test("a merge with what another has written meanwhile is a conflict, one with what has seen it all is none", () => {
  const tally = new SiblingTally();
  tally.keyspaceOf = (bytes, start, end) => Buffer.from(bytes.subarray(start, end)).toString().split(":")[0]!;
  const { merge } = tally.watching(clusterRules);
  const rowKey = new RowKey(1);
  rowKey.encode(0, KEY, 0, KEY.length);
  const put = (value: string) => ({ kind: "put", value: Buffer.from(value), expiresAtMs: 0 }) as const;
  const [a, b] = [writer("a"), writer("b")];
  const first = a.changed(undefined, put("a"), 1_000, KEY);
  const second = b.changed(undefined, put("b"), 1_000, KEY);
  const later = a.changed(first, put("a, too"), 1_001, KEY);
  merge(encodeCell(first), encodeCell(later), rowKey);
  expect(tally.of("carts")).toMatchObject({ begun: 0 });
  const both = merge(encodeCell(later), encodeCell(second), rowKey);
  expect(tally.of("carts")).toEqual({ heldBy: [undefined, undefined, 1], begun: 1, ended: 0 });
  merge(both, encodeCell(second), rowKey);
  merge(encodeCell(first), encodeCell(second)); // of nobody's row
  expect(tally.of("carts").begun).toBe(1);
  expect(tally.of("default").begun).toBe(0);
});
