import { expect, test } from "vitest";
import { ReplicaBench, ref } from "../../test/support/replica-bench.ts";
import { WatchList } from "./watch-list.ts";

test("each key of each database is watched once, as it was first", async () => {
  const bench = new ReplicaBench(0);
  const list = new WatchList(bench.replica);
  await list.add(ref("k"), bench.wallMs);
  await bench.put("k", "1");
  await list.add(ref("k"), bench.wallMs);
  await list.add(ref("k", 3), bench.wallMs);
  expect(list.watches.map(({ ref: { database }, isWritten }) => [database, isWritten])).toEqual([
    [0, true],
    [3, false],
  ]);
});

test("what it watches counts against the client's memory until it is cleared", async () => {
  const bench = new ReplicaBench(0);
  const list = new WatchList(bench.replica);
  for (let i = 0; i < 100; i++) await list.add(ref(`${i}`), bench.wallMs);
  expect(list.heldBytes).toBeGreaterThan(100 * 100);
  list.clear();
  expect([list.heldBytes, list.watches]).toEqual([0, []]);
});

test("a key that is still being read when the client goes is not watched for ever", async () => {
  const bench = new ReplicaBench(10);
  const list = new WatchList(bench.replica);
  const released: unknown[] = [];
  const { replica } = bench;
  const release = replica.release.bind(replica);
  replica.release = (watch) => {
    released.push(watch.ref);
    release(watch);
  };
  const adding = list.add(ref("k"), bench.wallMs);
  list.clear();
  await bench.settle(adding);
  expect(list.watches).toEqual([]);
  expect(released).toEqual([ref("k")]);
});
