import { expect, test } from "vitest";
import { type ByteRange, utf8 } from "../../base/bytes.ts";
import { silentLogger } from "../../base/logger.ts";
import { NEVER } from "../../causality/cell.ts";
import { encodeCell } from "../../causality/cell-codec.ts";
import { overwrite } from "../../causality/cell-write.ts";
import { NOTHING_KNOWN } from "../../causality/encoded-cell.ts";
import { foundTopologyOf } from "../../membership/topology-change.ts";
import type { KeyRef } from "../../replication/step.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { MemoryEngine } from "../../storage/memory/memory-engine.ts";
import { RowKey } from "../../storage/row-key.ts";
import { soleReplicaRules } from "../cell-rules.ts";
import { OutgrownRows, type OutgrownRowsParts } from "./outgrown-rows.ts";

const CELL = encodeCell(
  overwrite(undefined, {
    kind: "value",
    dot: { actor: 1n, counter: 1 },
    hlc: { wallMs: 1, logical: 0 },
    expiresAtMs: NEVER,
    payload: utf8("value"),
  }),
);

function whole(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

/** A node that keeps no slot any more, and looks for rows ten times a second. */
function setUp() {
  const world = new SimWorld("outgrown");
  const { clock, random } = world.runtime("a");
  const engine = new MemoryEngine({
    rules: soleReplicaRules,
    random,
    clock,
    memoryBytesMax: 0,
    evictionPolicy: "noeviction",
    evictionSamples: 5,
  });
  const founded = foundTopologyOf("c", [{ id: "b", datacenter: "d", rack: "r", machine: "b", weight: 1 }]);
  if (founded.kind === "refused") throw new Error(founded.reason);
  const self = { id: "a", datacenter: "d", rack: "r", machine: "a" };
  const view = { self, epoch: 1, topology: founded.topology, starts: [0], owns: () => false };
  const row = new RowKey(1);
  const put = (name: string): void => {
    const key = utf8(name);
    row.encode(0, key, 0, key.length);
    engine.put(row, whole(CELL));
  };
  const busy = new Set<string>();
  const brought: string[] = [];
  const nameOf = ({ key }: KeyRef): string => Buffer.from(key).toString();
  const parts: OutgrownRowsParts = {
    clock,
    engine,
    view,
    coordinator: {
      bringToAll: async (ref) => {
        brought.push(nameOf(ref));
      },
    },
    received: {
      forget: (ref) => {
        if (busy.delete(nameOf(ref))) return false;
        row.encode(0, ref.key, 0, ref.key.length);
        engine.put(row, whole(NOTHING_KNOWN), whole(CELL));
        return true;
      },
    },
    logger: silentLogger,
  };
  const outgrown = new OutgrownRows(parts);
  const runFor = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      outgrown.onTick(clock.monotonicMs());
      await world.runFor(100);
    }
  };
  const left = (): number => engine.counts(0).rows;
  return { put, busy, brought, runFor, left, parts };
}

test("a row that is being changed while others go is looked at again within seconds", async () => {
  const { put, busy, brought, runFor, left } = setUp();
  for (const name of ["x", "y", "z"]) put(name);
  busy.add("y");
  await runFor(1_000);
  expect(left()).toBe(1);
  await runFor(5_000);
  expect([left(), brought.length, brought.at(-1)]).toEqual([0, 4, "y"]);
});

test("what comes late is brought to its owners, and gone half a minute later", async () => {
  const { put, brought, runFor, left } = setUp();
  await runFor(1_000);
  put("late");
  await runFor(20_000);
  expect([left(), brought]).toEqual([0, ["late"]]);
});

test("looking through many spans without rows keeps nobody waiting for all of them", async () => {
  let nowMs = 0;
  let turnMs = 0;
  let longestMs = 0;
  const nextTurn = (): void => {
    longestMs = Math.max(longestMs, nowMs - turnMs);
    turnMs = nowMs;
  };
  const { parts } = setUp();
  const outgrown = new OutgrownRows({
    ...parts,
    view: {
      ...parts.view,
      starts: Array.from({ length: 1_000 }, (_, i) => i),
      owns: (_, slot) => slot % 2 === 0,
    },
    clock: {
      monotonicMs: () => nowMs,
      turnMs: () => turnMs,
      sleep: async () => nextTurn(),
      defer: (task) => {
        nextTurn();
        task();
      },
    },
    engine: {
      durable: () => undefined,
      scan: (from, to) => {
        nowMs += 0.5;
        return parts.engine.scan(from, to);
      },
    },
  });
  outgrown.onTick(nowMs);
  await outgrown.close();
  expect(nowMs).toBe(250);
  nextTurn();
  expect(longestMs).toBeLessThan(4);
});
