import { beforeEach, describe, expect, test } from "vitest";
import { AsyncEngine } from "../../test/support/async-engine.ts";
import { numberOf, ref, textOf } from "../../test/support/replica-bench.ts";
import type { ByteRange } from "../base/bytes.ts";
import { EMPTY_CELL } from "../causality/cell.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import { cellDigest } from "../causality/cell-digest.ts";
import { ALICE, BOB, stamp, value } from "../causality/cell-samples.oracle.ts";
import { overwrite, remove } from "../causality/cell-write.ts";
import { clusterRules } from "../node/cell-rules.ts";
import { DatabaseMap } from "../node/database-map.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import { LocalReplica } from "./local-replica.ts";
import { ReplicaDoor } from "./replica-door.ts";
import {
  decodeAck,
  decodeCellAnswer,
  decodeDigestAnswer,
  encodeReadRow,
  encodeWriteCell,
  REPLICA_METHOD,
} from "./replica-message.ts";
import { NewLife, Stamper } from "./stamper.ts";
import type { KeyView } from "./step.ts";

const SETTINGS = { isSynced: true, runningMax: 4, runningBytesMax: 1_000 };

let world: SimWorld;
let runtime: Runtime;
let replica: LocalReplica;
let door: ReplicaDoor;
let hints: { target: string; cell: Uint8Array }[];
/** Resolved by the test, if it is there. */
let durable: Promise<void> | undefined;

function open(slowInTen: number): void {
  world = new SimWorld(`door ${slowInTen}`);
  runtime = world.runtime("a");
  const { clock, random } = runtime;
  const limits = { memoryBytesMax: 0, evictionPolicy: "noeviction", evictionSamples: 5 } as const;
  const memory = new MemoryEngine({ rules: clusterRules, random, clock, ...limits });
  const engine = slowInTen === 0 ? memory : new AsyncEngine(memory, { clock, random, slowInTen });
  const stamper = new Stamper(new NewLife(random));
  replica = new LocalReplica(engine, stamper, new DatabaseMap(), { siblingsMax: 9, hashSeed: 1 });
  hints = [];
  durable = undefined;
  const keeper = {
    isSynced: true,
    find: () => undefined,
    waitsFor: () => false,
    add: async (target: string, _: unknown, cell: Uint8Array): Promise<void> => {
      hints.push({ target, cell });
    },
  };
  const parts = { received: replica.received, engine: { durable: () => durable }, hints: keeper, clock };
  door = new ReplicaDoor({ ...parts, settings: SETTINGS });
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

async function ask(method: number, payload: Uint8Array): Promise<Uint8Array> {
  return world.runUntil(Promise.resolve().then(() => door.onRequest(method, rangeOf(payload))));
}

function write(name: string, cell: Uint8Array, hintFor?: string): Promise<Uint8Array> {
  return ask(REPLICA_METHOD.writeCell, encodeWriteCell({ epoch: 1, ref: ref(name), cell, hintFor }));
}

async function read(name: string): Promise<Uint8Array | undefined> {
  return decodeCellAnswer(await ask(REPLICA_METHOD.readCell, encodeReadRow({ epoch: 1, ref: ref(name) })));
}

async function shownAt(name: string): Promise<string | undefined> {
  const options = { wallMs: runtime.clock.wallMs(), touch: false };
  return world.runUntil(Promise.resolve(replica.read(ref(name), options, textOf)));
}

const FIRST = overwrite(undefined, value("first", stamp(ALICE, 1, 10)));
const SECOND = overwrite(FIRST, value("second", stamp(BOB, 1, 20)));
const BESIDE = overwrite(undefined, value("beside", stamp(BOB, 7, 15)));

describe.each([0, 5, 10])("with %i of 10 calls answered later", (slowInTen) => {
  beforeEach(() => open(slowInTen));

  test("cells arrive in any order, any number of times, and keep the version they came with", async () => {
    for (const cell of [SECOND, FIRST, SECOND]) await write("k", encodeCell(cell));
    expect(await read("k")).toEqual(encodeCell(SECOND));
    expect(await shownAt("k")).toBe("second");
  });

  test("what is concurrent stays beside what is there", async () => {
    await write("k", encodeCell(FIRST));
    await write("k", encodeCell(BESIDE));
    expect(decodeCell((await read("k"))!).siblings.map(({ dot }) => dot.actor)).toEqual([ALICE, BOB]);
  });

  test("a deletion outlives the deleted, which comes late and again", async () => {
    await write("k", encodeCell(remove(SECOND)));
    for (const cell of [FIRST, SECOND]) await write("k", encodeCell(cell));
    expect(await shownAt("k")).toBeUndefined();
    expect(await read("k")).toEqual(encodeCell(remove(SECOND)));
  });

  test("digests are equal exactly where cells are", async () => {
    const digestOf = async (): Promise<Uint8Array> =>
      decodeDigestAnswer(await ask(REPLICA_METHOD.readDigest, encodeReadRow({ epoch: 1, ref: ref("k") })));
    expect(await digestOf()).toEqual(cellDigest(undefined));
    await write("k", encodeCell(FIRST));
    expect(Buffer.compare(await digestOf(), cellDigest(encodeCell(FIRST)))).toBe(0);
    await write("k", encodeCell(BESIDE));
    const both = (await read("k"))!;
    expect(Buffer.compare(await digestOf(), cellDigest(both))).toBe(0);
    expect(Buffer.compare(cellDigest(both), cellDigest(encodeCell(FIRST)))).not.toBe(0);
  });

  test("increments here and cells from elsewhere do not undo each other", async () => {
    const deeds: Promise<unknown>[] = [];
    for (let i = 1; i <= 40; i++) {
      const cell = encodeCell({
        ...EMPTY_CELL,
        context: [{ actor: ALICE, counter: i }],
        siblings: [{ ...stamp(ALICE, i, 0), kind: "increment", expiresAtMs: 0, first: 1, total: BigInt(i) }],
      });
      const payload = rangeOf(encodeWriteCell({ epoch: 1, ref: ref("n"), cell, hintFor: undefined }));
      const step = (view: KeyView) =>
        ({ reply: numberOf(view), change: { kind: "increment", by: 1n } }) as const;
      deeds.push(Promise.resolve(replica.update(ref("n"), runtime.clock.wallMs(), step)));
      deeds.push(Promise.resolve(door.onRequest(REPLICA_METHOD.writeCell, payload)));
      if (i % 2 === 0) await world.runUntil(Promise.all(deeds));
    }
    expect(await shownAt("n")).toBe("80");
  });
});

describe("the door", () => {
  beforeEach(() => open(0));

  test("acknowledges only what is durable, and says whether that means synced", async () => {
    let sync!: () => void;
    durable = new Promise((resolve) => {
      sync = resolve;
    });
    let isAcked = false;
    const acked = write("k", encodeCell(FIRST)).then((payload) => {
      isAcked = true;
      return decodeAck(payload);
    });
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(isAcked).toBe(false);
    sync();
    expect(await acked).toEqual({ isSynced: true });
  });

  test("keeps no hint that is no cell: its target would refuse it for ever", async () => {
    const cell = encodeCell(FIRST);
    cell[1] = 0xff;
    const refused = write("k", cell, "b");
    await expect(refused).rejects.toMatchObject({ code: "CORRUPTION", outcome: "not-applied" });
    expect(hints).toEqual([]);
  });

  test("keeps a hint apart from its own rows", async () => {
    await write("k", encodeCell(FIRST), "b");
    expect(hints).toMatchObject([{ target: "b" }]);
    expect(await read("k")).toBeUndefined();
  });

  test("refuses what is no cell, and keeps nothing of it", async () => {
    const damaged = encodeCell(FIRST).slice(0, 12);
    await expect(write("k", damaged)).rejects.toMatchObject({ code: "CORRUPTION", outcome: "not-applied" });
    expect(await read("k")).toBeUndefined();
  });

  test("takes what a node with a clock far ahead has written: whoever has it could not read it else", async () => {
    const ahead = stamp(ALICE, 9, runtime.clock.wallMs() + 3_600_000);
    const future = encodeCell(overwrite(undefined, value("x", ahead)));
    await write("k", future);
    expect(await read("k")).toEqual(future);
  });

  test("has room for so many requests that wait, and says so of the next", async () => {
    let sync!: () => void;
    durable = new Promise((resolve) => {
      sync = resolve;
    });
    const message = encodeWriteCell({ epoch: 1, ref: ref("k"), cell: encodeCell(FIRST), hintFor: undefined });
    const ask = (): unknown => door.onRequest(REPLICA_METHOD.writeCell, rangeOf(message));
    const waiting = Array.from({ length: SETTINGS.runningMax }, ask);
    expect(ask).toThrow(expect.objectContaining({ code: "OVERLOADED", outcome: "not-applied" }));
    sync();
    await Promise.all(waiting);
    expect(door.running).toBe(0);
    await ask();
  });

  test("a later write of this node is later than what it has taken", async () => {
    const ahead = runtime.clock.wallMs() + 400;
    await write("k", encodeCell(overwrite(undefined, value("x", stamp(ALICE, 1, ahead)))));
    const change = { kind: "put", value: Uint8Array.of(1), expiresAtMs: 0 } as const;
    const seen = await replica.update(ref("other"), runtime.clock.wallMs(), () => ({
      reply: 0,
      change,
      replyAfter: ({ siblings }) => siblings[0]!.hlc.wallMs,
    }));
    expect(seen).toBeGreaterThanOrEqual(ahead);
  });
});
