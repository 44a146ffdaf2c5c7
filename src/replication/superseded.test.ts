/** Engines that sum up their rows rely on being told, with every put, the cell that the row has had. */
import { expect, test } from "vitest";
import { ref } from "../../test/support/replica-bench.ts";
import { type ByteRange, utf8 } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import { soleReplicaRules } from "../node/cell-rules.ts";
import { DatabaseMap } from "../node/database-map.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import type { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { LocalReplica } from "./local-replica.ts";
import { NewLife, Stamper } from "./stamper.ts";
import type { Change } from "./step.ts";

/** Keeps rows in memory, and compares what each put is told with what there is. */
class JealousEngine extends MemoryEngine implements StorageEngine {
  readonly usesSuperseded = true;
  readonly told: { readonly superseded: string; readonly present: string }[] = [];

  override put(key: RowKey, cell: ByteRange, superseded?: ByteRange, insists?: boolean): void {
    const present: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
    const isThere = this.get(key, present, false);
    this.told.push({ superseded: textOf(superseded), present: textOf(isThere ? present : undefined) });
    super.put(key, cell, superseded, insists);
  }
}

function textOf(range: ByteRange | undefined): string {
  return range === undefined
    ? "nothing"
    : Buffer.from(range.bytes.slice(range.start, range.end)).toString("hex");
}

test("every put is told the cell that it supersedes, whichever way it comes", async () => {
  const { clock, random } = new SimWorld(1).runtime("a");
  const limits = { memoryBytesMax: 0, evictionPolicy: "noeviction", evictionSamples: 5 } as const;
  const engine = new JealousEngine({ rules: soleReplicaRules, random, clock, ...limits });
  // Such an engine would not let rows be rewritten behind its back.
  Object.defineProperty(engine, "rewriteEnd", { value: undefined });
  const replica = new LocalReplica(engine, new Stamper(new NewLife(random)), new DatabaseMap(), {
    siblingsMax: 10,
    hashSeed: 1,
  });
  const wallMs = clock.wallMs();
  const put = (text: string): Change => ({ kind: "put", value: utf8(text), expiresAtMs: NEVER });
  const update = (name: string, change: Change) =>
    replica.update(ref(name), wallMs, () => ({ reply: undefined, change }));
  const set = (name: string, text: string): void => {
    const bytes = utf8(`SET${name}${text}`);
    const ends = [3, 3 + name.length, bytes.length];
    expect(replica.overwrite(0, { bytes, starts: [0, 3, 3 + name.length], ends }, 2, NEVER, wallMs)).toBe(
      true,
    );
  };
  set("a", "first");
  set("a", "second");
  await update("a", put("third"));
  await update("a", { kind: "expire", expiresAtMs: wallMs + 1000 });
  await update("n", put("5"));
  await update("n", { kind: "increment", by: 2n });
  await replica.updateMany([ref("a"), ref("b"), ref("a")], wallMs, () => ({
    reply: undefined,
    changes: [put("x"), put("y"), put("z")],
  }));
  const transaction = { refs: [ref("a"), ref("c")], watches: [], wallMs };
  await replica.transact(transaction, (within) =>
    within(() => [
      update("a", put("1")),
      update("a", put("2")),
      update("c", put("3")),
      update("c", put("4")),
    ]),
  );
  await update("a", { kind: "delete" });
  await update("a", put("back"));
  expect(engine.told.length).toBe(15);
  expect(engine.told.filter(({ present }) => present === "nothing").length).toBe(5);
  for (const { superseded, present } of engine.told) expect(superseded).toBe(present);
});
