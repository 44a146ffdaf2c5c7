/** Transactions and watches of a replica. */
import { beforeEach, describe, expect, test } from "vitest";
import { numberOf, ReplicaBench, ref, textOf } from "../../test/support/replica-bench.ts";
import { utf8 } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import type { Within } from "./cell-store.ts";
import type { KeyView } from "./step.ts";

const PUT = (text: string) => ({ kind: "put", value: utf8(text), expiresAtMs: NEVER }) as const;
const INCREMENT = (view: KeyView) => ({
  reply: numberOf(view) + 1,
  change: { kind: "increment", by: 1n } as const,
});

describe.each([0, 5, 10])("with %i of 10 calls answered later", (slowInTen) => {
  let bench: ReplicaBench;

  beforeEach(() => {
    bench = new ReplicaBench(slowInTen);
  });

  /** Moves `amount` by four steps of their own; answers what the two accounts held together at its start and end. */
  function transfer(amount: number, pause?: () => Promise<void>): unknown {
    const { replica, wallMs } = bench;
    const [a, b] = [ref("a"), ref("b")];
    const sum = (within: Within): unknown =>
      within(() =>
        replica.readMany([a, b], { wallMs, touch: true }, ([x, y]) => numberOf(x!) + numberOf(y!)),
      );
    const add = (within: Within, key: typeof a, by: number): unknown =>
      within(() =>
        replica.update(key, wallMs, (view) => ({ reply: 0, change: PUT(`${numberOf(view) + by}`) })),
      );
    return replica.transact({ refs: [a, b], watches: [], wallMs }, (within) => {
      const before = sum(within);
      expect(add(within, a, -amount)).toBe(0); // at once, however slow the engine
      const finish = (): unknown => {
        add(within, b, amount);
        return [before, sum(within)];
      };
      return pause === undefined ? finish() : pause().then(finish);
    });
  }

  test.each([
    ["that never waits", false],
    ["that waits halfway", true],
  ])("nobody sees half of a transaction %s, and it sees no half of another", async (_, waits) => {
    const { replica, wallMs, runtime } = bench;
    await bench.put("a", "500");
    await bench.put("b", "500");
    const pause = waits ? () => runtime.clock.sleep(1) : undefined;
    const looks: unknown[] = [];
    const work = Array.from({ length: 90 }, (_, i) => {
      if (i % 3 === 0) return transfer(i, pause);
      const seen = replica.readMany([ref("a"), ref("b")], { wallMs, touch: true }, ([a, b]) => {
        return numberOf(a!) + numberOf(b!);
      });
      looks.push(seen);
      return seen;
    });
    const answers = await bench.settle(Promise.all(work));
    const transfers = answers.filter((answer) => Array.isArray(answer));
    expect(transfers).toEqual(Array.from({ length: 30 }, () => [1000, 1000]));
    expect(await Promise.all(looks)).toEqual(Array.from({ length: 60 }, () => 1000));
  });

  test("increments from outside and inside all count", async () => {
    const { replica, wallMs } = bench;
    const inside = (within: Within): unknown => {
      for (let i = 0; i < 3; i++) within(() => replica.update(ref("n"), wallMs, INCREMENT));
      return within(() => replica.read(ref("n"), { wallMs, touch: true }, numberOf));
    };
    const work = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? replica.update(ref("n"), wallMs, INCREMENT)
        : replica.transact({ refs: [ref("n")], watches: [], wallMs }, inside),
    );
    await bench.settle(Promise.all(work));
    expect(await bench.get("n")).toBe("120");
  });

  test("what a transaction has read outlives what it writes", async () => {
    const { replica, wallMs } = bench;
    await bench.put("k", "old");
    const seen = await bench.settle(
      replica.transact({ refs: [ref("k")], watches: [], wallMs }, (within) => {
        const read = within(() =>
          replica.read(ref("k"), { wallMs, touch: true }, ({ value }) => value),
        ) as Uint8Array;
        within(() => replica.update(ref("k"), wallMs, () => ({ reply: 0, change: PUT("new") })));
        return read;
      }),
    );
    await bench.get("k");
    expect(Buffer.from(seen!).toString()).toBe("old");
  });

  test.each([
    ["everything", undefined],
    ["its database", 0],
  ])("a transaction that clears %s sees all gone, and brings nothing back", async (_, database) => {
    const { replica, wallMs } = bench;
    await bench.put("k", "1");
    await bench.put("k", "1", NEVER, 1);
    const seen = bench.settle(
      replica.transact({ refs: [ref("k")], watches: [], wallMs }, async (within) => {
        await within(() => replica.clear(database));
        const text = within(() => replica.read(ref("k"), { wallMs, touch: true }, textOf));
        const incremented = within(() => replica.update(ref("k"), wallMs, INCREMENT));
        return [text, incremented];
      }),
    );
    expect(await seen).toEqual([undefined, 1]);
    expect(await bench.get("k")).toBe("1");
  });

  test("so does one during which somebody else clears all", async () => {
    const { replica, wallMs, runtime } = bench;
    await bench.put("k", "1");
    const { clock } = runtime;
    const seen = replica.transact({ refs: [ref("k")], watches: [], wallMs }, async (within) => {
      await clock.sleep(5);
      return within(() => replica.update(ref("k"), wallMs, INCREMENT));
    });
    const cleared = clock.sleep(3).then(() => replica.clear());
    await bench.settle(cleared);
    expect(await bench.settle(seen)).toBe(1);
    expect(await bench.get("k")).toBe("1");
  });

  test("a body that fails lets go of its keys", async () => {
    const { replica, wallMs } = bench;
    const failing = async (): Promise<unknown> =>
      replica.transact({ refs: [ref("k")], watches: [], wallMs }, () => {
        throw new Error("no such luck");
      });
    await expect(bench.settle(failing())).rejects.toThrow("no such luck");
    await bench.put("k", "1");
    expect(await bench.get("k")).toBe("1");
  });

  describe("a watched key", () => {
    /** Watches "k" as it is now, lets `meanwhile` happen; true if a transaction then runs. */
    async function survives(meanwhile: () => unknown): Promise<boolean> {
      const { replica } = bench;
      const watch = await bench.settle(replica.watch(ref("k"), bench.wallMs));
      await meanwhile();
      const { wallMs } = bench;
      const ran = await bench.settle(replica.transact({ refs: [], watches: [watch], wallMs }, () => true));
      replica.release(watch);
      return ran === true;
    }

    const later = (ms: number): number => bench.wallMs + ms;

    test.each<[string, () => Promise<void>, () => unknown]>([
      ["nothing happens", () => bench.put("k", "1"), () => undefined],
      ["it is absent and stays so", async () => undefined, () => undefined],
      ["another key is written", () => bench.put("k", "1"), () => bench.put("other", "2")],
      ["it is read", () => bench.put("k", "1"), () => bench.get("k")],
      ["all is cleared, and it was absent", async () => undefined, () => bench.settle(bench.replica.clear())],
      [
        "the same key of another database is written",
        () => bench.put("k", "1"),
        () => bench.put("k", "2", 0, 4),
      ],
      [
        "a database is swapped with itself",
        () => bench.put("k", "1"),
        () => bench.replica.swapDatabases(0, 0, bench.wallMs),
      ],
      [
        "other databases are swapped",
        () => bench.put("k", "1"),
        () => bench.replica.swapDatabases(3, 4, bench.wallMs),
      ],
    ])("lets a transaction run if %s", async (_, prepare, meanwhile) => {
      await prepare();
      expect(await survives(meanwhile)).toBe(true);
    });

    test.each<[string, () => Promise<void>, () => unknown]>([
      ["it is written", () => bench.put("k", "1"), () => bench.put("k", "2")],
      ["it is written the same", () => bench.put("k", "1"), () => bench.put("k", "1")],
      ["it is made", async () => undefined, () => bench.put("k", "1")],
      ["it is deleted", () => bench.put("k", "1"), () => bench.delete("k")],
      [
        "it is made and deleted again",
        async () => undefined,
        async () => {
          await bench.put("k", "1");
          await bench.delete("k");
        },
      ],
      ["all is cleared", () => bench.put("k", "1"), () => bench.settle(bench.replica.clear())],
      [
        "its database is cleared",
        async () => {
          await bench.put("k", "1");
          await bench.put("k", "1", NEVER, 1);
        },
        () => bench.settle(bench.replica.clear(0)),
      ],
      [
        "it is made and deleted again, once its database is cleared",
        () => bench.put("k", "1", NEVER, 1),
        async () => {
          await bench.settle(bench.replica.clear(0));
          await bench.put("k", "1");
          await bench.delete("k");
        },
      ],
      [
        "its database is swapped away",
        () => bench.put("k", "1"),
        () => bench.replica.swapDatabases(0, 4, bench.wallMs),
      ],
      [
        "a database with such a key is swapped in",
        () => bench.put("k", "1", 0, 4),
        () => bench.replica.swapDatabases(0, 4, bench.wallMs),
      ],
      [
        "its database is swapped away and back",
        () => bench.put("k", "1"),
        () => {
          bench.replica.swapDatabases(0, 4, bench.wallMs);
          bench.replica.swapDatabases(4, 0, bench.wallMs);
        },
      ],
      [
        "a database with such a key is swapped in, and cleared",
        () => bench.put("k", "1", NEVER, 4),
        async () => {
          bench.replica.swapDatabases(0, 4, bench.wallMs);
          await bench.settle(bench.replica.clear());
        },
      ],
      [
        "it is made and deleted again, once databases are swapped",
        async () => undefined,
        async () => {
          bench.replica.swapDatabases(0, 4, bench.wallMs);
          await bench.put("k", "1");
          await bench.delete("k");
        },
      ],
      ["it expires", () => bench.put("k", "1", later(50)), () => bench.world.runFor(60)],
    ])("stops a transaction if %s", async (_, prepare, meanwhile) => {
      await prepare();
      expect(await survives(meanwhile)).toBe(false);
    });

    test("that is absent may be swapped with one that is absent, where the engine answers at once", async () => {
      const meanwhile = async (): Promise<void> => {
        bench.replica.swapDatabases(0, 4, bench.wallMs);
        await bench.put("k", "1", NEVER, 4);
      };
      // Where it answers later, a swap stops every transaction that watches either database.
      expect(await survives(meanwhile)).toBe(slowInTen === 0);
    });

    test("that has expired before it is watched may be dropped", async () => {
      await bench.put("k", "1", later(50));
      await bench.world.runFor(60);
      expect(await survives(() => bench.delete("absent"))).toBe(true);
    });

    test("may be written by the transaction that watches it", async () => {
      const { replica, wallMs } = bench;
      const watch = await bench.settle(replica.watch(ref("n"), wallMs));
      const reply = await bench.settle(
        replica.transact({ refs: [ref("n")], watches: [watch], wallMs }, (within) =>
          within(() => replica.update(ref("n"), wallMs, INCREMENT)),
        ),
      );
      expect(reply).toBe(1);
    });
  });

  test("of many who watch, increment and try again, each gets through once", async () => {
    const { replica, wallMs } = bench;
    const increment = async (): Promise<number> => {
      for (let attempt = 1; ; attempt++) {
        const watch = await replica.watch(ref("n"), wallMs);
        const number = await replica.read(ref("n"), { wallMs, touch: true }, numberOf);
        const done = await replica.transact({ refs: [ref("n")], watches: [watch], wallMs }, (within) =>
          within(() =>
            replica.update(ref("n"), wallMs, () => ({ reply: true, change: PUT(`${number + 1}`) })),
          ),
        );
        replica.release(watch);
        if (done) return attempt;
      }
    };
    const attempts = await bench.settle(Promise.all(Array.from({ length: 20 }, increment)));
    expect(await bench.get("n")).toBe("20");
    expect(Math.max(...attempts)).toBeGreaterThan(1); // they did meet
  });
});
