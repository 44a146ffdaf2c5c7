import { beforeEach, describe, expect, test } from "vitest";
import { ref } from "../../../test/support/replica-bench.ts";
import { toText } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { mergeCells } from "../../causality/encoded-cell.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { decodeWriteCell, encodeAck } from "../replica-message.ts";
import { DEFAULT_PACE, DeliveryPace } from "./delivery-pace.ts";
import { DEFAULT_DELIVERY, HintDelivery } from "./hint-delivery.ts";
import { cellOf, textsIn } from "./hint-samples.oracle.ts";
import type { HintSettings } from "./hint-settings.ts";
import { HintStore } from "./hint-store.ts";

const ACK = encodeAck({ isSynced: true });

/** A node that takes what it is sent, as it is told to. */
class Target {
  isUp = true;
  p99Ms = 5;
  answerMs = 3;
  /** Asked for each cell: the error it is answered with, or undefined. */
  refusal: (name: string) => StoreError | undefined = () => undefined;
  readonly taken: string[] = [];
  underWay = 0;
  underWayMax = 0;
  calls = 0;
  /** False: the text of a cell is its key. */
  anyTexts = false;
  readonly cells: Uint8Array[] = [];
}

let world: SimWorld;
let runtime: Runtime;
let target: Target;

beforeEach(() => {
  world = new SimWorld("delivery");
  runtime = world.runtime("a");
  target = new Target();
});

async function open(settings: Partial<HintSettings> = {}): Promise<HintStore> {
  const { clock } = runtime;
  const store = await world.runUntil(HintStore.open(runtime, "/hints", settings));
  const delivery = new HintDelivery({
    store,
    cluster: { epoch: 3, isUp: () => target.isUp, p99Ms: () => target.p99Ms },
    peers: { call },
    clock,
    settings: { ...DEFAULT_DELIVERY, timeoutMs: 200, refusalsMax: 3 },
  });
  clock.every(10, () => delivery.onTick(clock.monotonicMs()));
  return store;
}

async function call(_to: string, _method: number, payload: Uint8Array): Promise<Uint8Array> {
  const { ref, cell, hintFor, epoch } = decodeWriteCell(payload.slice());
  expect({ hintFor, epoch }).toEqual({ hintFor: undefined, epoch: 3 });
  const name = toText(ref.key);
  if (!target.anyTexts) expect(textsIn(cell)).toEqual([name]);
  target.calls++;
  target.underWay++;
  target.underWayMax = Math.max(target.underWayMax, target.underWay);
  await runtime.clock.sleep(target.answerMs);
  target.underWay--;
  const refusal = target.isUp ? target.refusal(name) : new StoreError("IO", "unknown", "it is gone");
  if (refusal !== undefined) throw refusal;
  target.taken.push(name);
  target.cells.push(cell.slice());
  return ACK;
}

async function add(store: HintStore, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `${i}`);
  await world.runUntil(Promise.all(names.map((name) => store.add("b", ref(name), cellOf(name)))));
  return names;
}

describe("hints for a node that is up", () => {
  test("are delivered in order, and then gone", async () => {
    const store = await open({ segmentBytes: 1_000 });
    const names = await add(store, 300);
    await world.runFor(5_000);
    expect(target.taken).toEqual(names);
    expect(store.statistics).toMatchObject({ count: 0, sizeBytes: 0, deliveredCount: 300, addedCount: 300 });
  });

  test("are never more under way than the window has room for", async () => {
    const store = await open();
    await add(store, 500);
    await world.runFor(10_000);
    expect(target.taken).toHaveLength(500);
    expect(target.underWayMax).toBeLessThanOrEqual(DEFAULT_PACE.windowMax);
    expect(target.underWayMax).toBeGreaterThan(10);
  });

  test("trickle while it is slow", async () => {
    const rates: number[] = [];
    for (const p99Ms of [5, 400]) {
      target = new Target();
      target.p99Ms = p99Ms;
      const store = await open();
      await add(store, 4_000);
      await world.runFor(1_000);
      rates.push(target.taken.length);
      await world.runFor(100_000);
      expect(store.countFor("b")).toBe(0);
    }
    expect(rates[1]!).toBeLessThan(rates[0]! / 4);
  });

  test("are sent one at a time, and ever more rarely, while it is overloaded", async () => {
    const store = await open();
    target.refusal = () => new StoreError("OVERLOADED", "not-applied", "full");
    await add(store, 100);
    await world.runFor(10_000);
    expect(target.calls).toBeLessThan(16 + 20);
    target.refusal = () => undefined;
    await world.runFor(20_000);
    expect(new Set(target.taken).size).toBe(100);
    expect(store.countFor("b")).toBe(0);
  });

  test("of one row that was written again and again are brought as few cells, and nothing is missing", async () => {
    const store = await open();
    target.anyTexts = true;
    const added = Array.from({ length: 500 }, (_, i) =>
      store.add("b", ref("hot"), cellOf(`${i}`, 1 + (i % 3), i + 1)),
    );
    await world.runUntil(Promise.all(added));
    await world.runFor(5_000);
    expect(store.statistics).toMatchObject({ count: 0, deliveredCount: 500 });
    expect(target.calls).toBeLessThan(50);
    expect(textsIn(target.cells.reduce(mergeCells)).toSorted()).toEqual(
      textsIn(added.map((_, i) => cellOf(`${i}`, 1 + (i % 3), i + 1)).reduce(mergeCells)).toSorted(),
    );
  });

  test("that it can never take do not keep back those behind them", async () => {
    const store = await open();
    target.refusal = (name) =>
      name === "2" ? new StoreError("INVALID_REQUEST", "not-applied", "no cell") : undefined;
    await add(store, 5);
    await world.runFor(30_000);
    expect(new Set(target.taken)).toEqual(new Set(["0", "1", "3", "4"]));
    expect(store.statistics).toMatchObject({ count: 0, givenUpCount: 1 });
  });
});

describe("hints for a node that is down", () => {
  test("wait until it is up", async () => {
    const store = await open();
    target.isUp = false;
    const names = await add(store, 20);
    await world.runFor(60_000);
    expect(target.calls).toBe(0);
    target.isUp = true;
    await world.runFor(1_000);
    expect(target.taken).toEqual(names);
    expect(store.countFor("b")).toBe(0);
  });

  test("are all brought to it, though it dies in the middle", async () => {
    const store = await open({ segmentBytes: 2_000 });
    const names = await add(store, 200);
    target.refusal = (name) => {
      if (name === "100" && target.calls < 150) target.isUp = false;
      return undefined;
    };
    await world.runFor(5_000);
    expect(target.taken.length).toBeLessThan(200);
    target.isUp = true;
    await world.runFor(5_000);
    expect(new Set(target.taken)).toEqual(new Set(names));
    expect(store.countFor("b")).toBe(0);
  });

  test("are brought to it by the next life of this node, no more than a file of them twice", async () => {
    const store = await open({ segmentBytes: 1_000 });
    const names = await add(store, 20);
    for (let i = 0; i < 10; i++) await add(store, 20);
    target.refusal = () => (target.taken.length >= 120 ? new StoreError("IO", "unknown", "lost") : undefined);
    await world.runFor(2_000);
    world.crash("a");
    runtime = world.runtime("a");
    target.refusal = () => undefined;
    const again = await open({ segmentBytes: 1_000 });
    await world.runFor(10_000);
    expect(again.countFor("b")).toBe(0);
    expect(new Set(target.taken)).toEqual(new Set(names));
    expect(target.taken.length).toBeGreaterThanOrEqual(220);
    expect(target.taken.length).toBeLessThan(260);
  });

  test("are dropped when they are overdue, and counted", async () => {
    const store = await open({ ageMaxMs: 10_000 });
    target.isUp = false;
    await add(store, 7);
    await world.runFor(11_000);
    expect(store.statistics).toMatchObject({ count: 0, overdueCount: 7 });
    target.isUp = true;
    await world.runFor(1_000);
    expect(target.calls).toBe(0);
  });

  test("are dropped one by one where younger ones are in their file", async () => {
    const store = await open({ ageMaxMs: 10_000 });
    target.isUp = false;
    await add(store, 3);
    await world.runFor(9_000);
    await world.runUntil(store.add("b", ref("young"), cellOf("young")));
    await world.runFor(2_000);
    target.isUp = true;
    await world.runFor(1_000);
    expect(target.taken).toEqual(["young"]);
    expect(store.statistics).toMatchObject({ count: 0, overdueCount: 3, deliveredCount: 1 });
  });
});

test("a node that is far away is not slow for that", () => {
  const pace = new DeliveryPace({ windowMax: 64, slowMs: 50, pauseMaxMs: 1_000 });
  for (let i = 0; i < 20; i++) expect(pace.onDelivered({ tookMs: 150, p99Ms: 300 })).toBe(150);
  expect(pace.window).toBe(64);
});

test("the pace grows while all goes well, and gives way at once", () => {
  const pace = new DeliveryPace({ windowMax: 200, slowMs: 100, pauseMaxMs: 1_000 });
  for (let i = 0; i < 10; i++) expect(pace.onDelivered({ tookMs: 7, p99Ms: 9 })).toBe(7);
  expect(pace.window).toBe(200);
  expect(pace.onDelivered({ tookMs: 7, p99Ms: 150 })).toBe(150);
  expect(pace.window).toBe(100);
  expect([pace.onOverloaded(), pace.onOverloaded(), pace.window]).toEqual([50, 100, 1]);
  for (let i = 0; i < 9; i++) pace.onFailure();
  expect(pace.onFailure()).toBe(1_000);
});
