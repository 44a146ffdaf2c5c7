import { beforeEach, describe, expect, test } from "vitest";
import { numberOf, ReplicaBench, ref, SIBLINGS_MAX, textOf } from "../../test/support/replica-bench.ts";
import { toText, utf8 } from "../base/bytes.ts";
import { EMPTY_CELL, NEVER } from "../causality/cell.ts";
import { resolveAll } from "../causality/cell-value.ts";
import { seenContext } from "../causality/cell-write.ts";
import { ELSEWHERE, HIT, MISS } from "./key-at-hand.ts";
import type { Change, Effect, KeyView } from "./step.ts";

function incrementBy(by: number): (view: KeyView) => Effect<number> {
  return (view) => ({ reply: numberOf(view) + by, change: { kind: "increment", by: BigInt(by) } });
}

function putNumber(number: number): Effect<undefined>["change"] {
  return { kind: "put", value: utf8(`${number}`), expiresAtMs: NEVER };
}

describe.each([0, 5, 10])("with %i of 10 calls answered later", (slowInTen) => {
  let bench: ReplicaBench;

  beforeEach(() => {
    bench = new ReplicaBench(slowInTen);
  });

  test("of many increments at once none is lost, and each sees another number", async () => {
    const { replica, wallMs } = bench;
    const replies = await bench.settle(
      Promise.all(Array.from({ length: 200 }, () => replica.update(ref("n"), wallMs, incrementBy(1)))),
    );
    expect(new Set(replies).size).toBe(200);
    expect(await bench.get("n")).toBe("200");
  });

  test("a value that is read and rewritten by many loses nothing", async () => {
    const { replica, wallMs } = bench;
    const append = (text: string) => (view: KeyView) => {
      const value = utf8(`${textOf(view) ?? ""}${text}`);
      return { reply: undefined, change: { kind: "put", value, expiresAtMs: NEVER } as const };
    };
    const texts = Array.from({ length: 60 }, (_, i) => `<${i}>`);
    await bench.settle(Promise.all(texts.map((text) => replica.update(ref("t"), wallMs, append(text)))));
    const value = await bench.get("t");
    expect(value?.match(/<\d+>/g)?.sort()).toEqual(texts.toSorted());
  });

  test("nobody sees an update of several keys half done", async () => {
    const { replica, wallMs, runtime } = bench;
    const accounts = ["a", "b", "c"].map((name) => ref(name));
    for (const name of ["a", "b", "c"]) await bench.put(name, "100");
    const transfer = (): unknown => {
      const pair = [accounts[runtime.random.below(3)]!, accounts[runtime.random.below(3)]!];
      return replica.updateMany(pair, wallMs, ([from, to]) => ({
        reply: undefined,
        changes: pair[0] === pair[1] ? [] : [putNumber(numberOf(from!) - 7), putNumber(numberOf(to!) + 7)],
      }));
    };
    const sum = (): unknown =>
      replica.readMany(accounts, { wallMs, touch: true }, (views) =>
        views.reduce((total, view) => total + numberOf(view), 0),
      );
    const answers = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? sum() : transfer()));
    const seen = (await bench.settle(Promise.all(answers))).filter((answer) => answer !== undefined);
    expect(seen).toEqual(Array.from({ length: 100 }, () => 300));
  });

  test("a key that is named twice gets its changes in order", async () => {
    const { replica, wallMs } = bench;
    const changes = [putNumber(1), putNumber(2)];
    await bench.settle(
      replica.updateMany([ref("k"), ref("k")], wallMs, () => ({ reply: undefined, changes })),
    );
    expect(await bench.get("k")).toBe("2");
  });

  test("what a step answers outlives what it writes", async () => {
    await bench.put("k", "old");
    const old = await bench.settle(
      bench.replica.update(ref("k"), bench.wallMs, ({ value }) => ({ reply: value!, change: putNumber(3) })),
    );
    await bench.get("k");
    expect(toText(old)).toBe("old");
  });

  test("a reply may tell of the cell that was stored", async () => {
    await bench.put("k", "old");
    const siblingCount = await bench.settle(
      bench.replica.update(ref("k"), bench.wallMs, () => ({
        reply: 0,
        change: { kind: "put", value: utf8("new"), expiresAtMs: NEVER, context: seenContext(EMPTY_CELL) },
        replyAfter: (stored) => stored.siblings.length,
      })),
    );
    expect(siblingCount).toBe(2);
  });

  test("a versioned write past the limit of siblings is refused, and changes nothing", async () => {
    const { replica } = bench;
    const putBlindly = (text: string): unknown =>
      replica.update(ref("k"), bench.wallMs, () => ({
        reply: undefined,
        change: { kind: "put", value: utf8(text), expiresAtMs: NEVER, context: seenContext(EMPTY_CELL) },
      }));
    for (let i = 0; i < SIBLINGS_MAX; i++) await bench.settle(putBlindly(`${i}`));
    const tooMany = async (): Promise<unknown> => bench.settle(putBlindly("4"));
    await expect(tooMany()).rejects.toMatchObject({ code: "TOO_MANY_SIBLINGS", outcome: "not-applied" });
    const values = await bench.settle(
      replica.read(ref("k"), { wallMs: bench.wallMs, touch: true }, ({ cell }) =>
        resolveAll(cell!, bench.wallMs).map(({ payload }) => toText(payload)),
      ),
    );
    expect(values).toEqual(["3", "2", "1", "0"]);
  });

  test.each([
    ["all is cleared", undefined],
    ["its database is cleared", 0],
  ])("what a slow update had read does not come back when %s", async (_, database) => {
    const { replica, wallMs } = bench;
    for (let round = 0; round < 10; round++) {
      await bench.put("n", "41");
      await bench.put("n", "elsewhere", NEVER, 1);
      const incremented = replica.update(ref("n"), wallMs, incrementBy(1));
      await bench.settle(Promise.all([incremented, replica.clear(database)]));
      expect([undefined, "1"]).toContain(await bench.get("n"));
      expect(await bench.get("n", 1)).toBe(database === undefined ? undefined : "elsewhere");
    }
  });

  test("a database is cleared however often, and only that one", async () => {
    await bench.put("k", "stays", NEVER, 1);
    for (let round = 0; round < 300; round++) {
      await bench.put("k", `${round}`);
      expect(await bench.get("k")).toBe(`${round}`);
      await bench.settle(bench.replica.clear(0));
      expect(await bench.get("k")).toBe(undefined);
    }
    expect(await bench.get("k", 1)).toBe("stays");
  });

  test("a database keeps its number from the read to the write", async () => {
    const { replica, wallMs } = bench;
    await bench.put("n", "1", NEVER, 0);
    const incremented = replica.update(ref("n"), wallMs, incrementBy(1));
    replica.swapDatabases(0, 5, wallMs);
    await bench.settle(incremented);
    expect([await bench.get("n", 0), await bench.get("n", 5)]).toEqual([undefined, "2"]);
  });

  test("a long value is held once, however often its key is named", async () => {
    const { replica, wallMs } = bench;
    await bench.put("long", "x".repeat(10_000));
    const refs = Array.from({ length: 100 }, () => ref("long"));
    const buffers = await bench.settle(
      replica.readMany(refs, { wallMs, touch: true }, (views) => views.map(({ value }) => value!.buffer)),
    );
    expect(new Set(buffers).size).toBe(1);
  });

  test("lookups are counted as hits and misses", async () => {
    await bench.put("k", "v");
    await bench.get("k");
    await bench.get("absent");
    await bench.get("k");
    expect(bench.replica.lookups).toEqual({ hits: 2, misses: 1 });
  });
});

describe("where there is no room", () => {
  const put = (length: number) =>
    ({ kind: "put", value: new Uint8Array(length), expiresAtMs: NEVER }) as const;
  let bench: ReplicaBench;

  beforeEach(async () => {
    bench = new ReplicaBench(0, { memoryBytesMax: 80 * 1024 });
    await bench.put("a", "old");
    await bench.put("b", "old");
  });

  const update = (changes: readonly Change[], ...names: string[]): unknown =>
    bench.replica.updateMany(
      names.map((name) => ref(name)),
      bench.wallMs,
      () => ({ reply: undefined, changes }),
    );
  const valuesOf = (...names: string[]) => Promise.all(names.map((name) => bench.get(name)));

  test("an update of several keys changes nothing", async () => {
    expect(() => update([put(10), put(10), put(100 * 1024)], "a", "new", "large")).toThrow(
      expect.objectContaining({ code: "OUT_OF_MEMORY", outcome: "not-applied" }),
    );
    expect(await valuesOf("a", "new", "large")).toEqual(["old", undefined, undefined]);
  });

  test("a key may be renamed, and may expire", async () => {
    expect(() => {
      for (let i = 0; ; i++) update([put(100)], `filler-${i}`);
    }).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    for (let i = 0; i < 10; i++) {
      const expire = { kind: "expire", expiresAtMs: bench.wallMs + 1_000 } as const;
      void bench.replica.update(ref(`filler-${i}`), bench.wallMs, () => ({
        reply: undefined,
        change: expire,
      }));
    }
    update(
      [{ kind: "delete" }, { kind: "put", value: utf8("old"), expiresAtMs: NEVER }],
      "a",
      "a-much-longer-name",
    );
    expect(await valuesOf("a", "a-much-longer-name")).toEqual([undefined, "old"]);
    await bench.world.runFor(1_000);
    expect(await valuesOf("filler-3", "filler-9")).toEqual([undefined, undefined]);
  });
});

test("what a read answers later is its reader's own", async () => {
  const bench = new ReplicaBench(10);
  await bench.put("a", "one");
  await bench.put("b", "two");
  const read = (name: string): unknown =>
    bench.replica.read(ref(name), { wallMs: bench.wallMs, touch: true }, ({ value }) => value);
  const values = (await bench.settle(Promise.all([read("a"), read("b")]))) as Uint8Array[];
  expect(values.map(toText)).toEqual(["one", "two"]);
});

describe("the shortcuts", () => {
  const request = (...args: string[]) => {
    const bytes = utf8(args.join(""));
    const ends = args.map((_, i) => args.slice(0, i + 1).join("").length);
    return { bytes, starts: [0, ...ends], ends };
  };
  test("read and write like the general way", async () => {
    const { replica, wallMs } = new ReplicaBench(0);
    expect(replica.peek(0, request("get", "k"), 1, wallMs)).toBe(MISS);
    expect(replica.overwrite(0, request("set", "k", "value"), 2, NEVER, wallMs)).toBe(true);
    expect(replica.peek(0, request("get", "k"), 1, wallMs)).toBe(HIT);
    expect(toText(replica.value.bytes.subarray(replica.value.start, replica.value.end))).toBe("value");
    replica.swapDatabases(0, 3, wallMs);
    expect(replica.peek(0, request("get", "k"), 1, wallMs)).toBe(MISS);
    expect(replica.peek(3, request("get", "k"), 1, wallMs)).toBe(HIT);
  });

  test("answer later where the engine does", async () => {
    const slow = new ReplicaBench(10);
    const { replica, wallMs } = slow;
    const peek = (): unknown => replica.peek(0, request("get", "k"), 1, wallMs);
    expect(await slow.settle(peek())).toBe(undefined);
    const lent = request("set", "k", "value");
    const written = replica.overwrite(0, lent, 2, NEVER, wallMs);
    lent.bytes.fill(0); // the request is another's by then
    expect(await slow.settle(written)).toBe(true);
    expect(toText((await slow.settle(peek())) as Uint8Array)).toBe("value");
    expect(replica.lookups).toEqual({ hits: 1, misses: 1 });
  });

  test("leave siblings and long values to the general way", async () => {
    const { replica, wallMs } = new ReplicaBench(0);
    for (const text of ["a", "b"]) {
      const put = {
        kind: "put",
        value: utf8(text),
        expiresAtMs: NEVER,
        context: seenContext(EMPTY_CELL),
      } as const;
      void replica.update(ref("k"), wallMs, () => ({ reply: 0, change: put }));
    }
    expect(replica.peek(0, request("get", "k"), 1, wallMs)).toBe(ELSEWHERE);
    expect(replica.overwrite(0, request("set", "k", "v"), 2, NEVER, wallMs)).toBe(false);
    expect(replica.overwrite(0, request("set", "l", "v".repeat(70_000)), 2, NEVER, wallMs)).toBe(false);
  });

  test("do not write a key that somebody holds", async () => {
    const bench = new ReplicaBench(0);
    const { replica, wallMs } = bench;
    let end!: () => void;
    const busy = replica.transact({ refs: [ref("k")], watches: [], wallMs }, () => {
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    expect(replica.overwrite(0, request("set", "k", "v"), 2, NEVER, wallMs)).toBe(false);
    expect(replica.overwrite(0, request("set", "other", "v"), 2, NEVER, wallMs)).toBe(true);
    end();
    await bench.settle(busy);
    expect(replica.overwrite(0, request("set", "k", "v"), 2, NEVER, wallMs)).toBe(true);
  });
});
