/** Clients who go on from the context that their last write gave them, at two nodes that hear of each other late. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { type Cell, type ClientContext, EMPTY_CELL, NEVER, type ValueSibling } from "./cell.ts";
import { merge } from "./cell-merge.ts";
import { putWithContext, removeWithContext, seenContext, seenWithOwn } from "./cell-write.ts";
import { decodeContextToken, encodeClientContext } from "./context-token.ts";

interface Client {
  context: ClientContext;
  seen: ReadonlySet<string>;
}

const NOBODY: Client = { context: seenContext(undefined), seen: new Set() };

const action = fc.record({
  node: fc.nat({ max: 1 }),
  client: fc.nat({ max: 2 }),
  does: fc.constantFrom("read", "put", "put", "put", "delete", "forget", "hear"),
});

test("no value is lost that nobody who has seen it has replaced or deleted", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 50 }), (actions) => {
      const cells: [Cell, Cell] = [EMPTY_CELL, EMPTY_CELL];
      const clients = [NOBODY, NOBODY, NOBODY];
      const written: string[] = [];
      const superseded = new Set<string>();
      actions.forEach(({ node, client: number, does }, i) => {
        const client = clients[number]!;
        const cell = cells[node]!;
        if (does === "read") clients[number] = { context: seenContext(cell), seen: new Set(valuesOf(cell)) };
        if (does === "forget") clients[number] = NOBODY;
        if (does === "hear") cells[node] = merge(cell, cells[1 - node]!);
        if (does === "delete") cells[node] = removeWithContext(cell, client.context);
        if (does === "put") {
          const own: ValueSibling = siblingOf(node, i);
          cells[node] = putWithContext(cell, client.context, own);
          const context = seenWithOwn(client.context, own.dot, cells[node]!);
          const token = encodeClientContext(context);
          clients[number] = { context: decodeContextToken(token), seen: new Set([...client.seen, `v${i}`]) };
          written.push(`v${i}`);
        }
        if (does === "put" || does === "delete") for (const value of client.seen) superseded.add(value);
      });
      const alive = valuesOf(merge(...cells));
      expect(alive).toEqual(expect.arrayContaining(written.filter((value) => !superseded.has(value))));
    }),
    { numRuns: 3_000 },
  );
});

function siblingOf(node: number, i: number): ValueSibling {
  return {
    kind: "value",
    dot: { actor: BigInt(node + 1), counter: i + 1 },
    hlc: { wallMs: i, logical: 0 },
    expiresAtMs: NEVER,
    payload: utf8(`v${i}`),
  };
}

function valuesOf(cell: Cell): string[] {
  return cell.siblings.map((sibling) => (sibling.kind === "value" ? toText(sibling.payload) : ""));
}
