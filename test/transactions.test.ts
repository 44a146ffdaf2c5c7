/** MULTI, EXEC and WATCH keep their promises also where the engine answers later, as one with a disk does. */
import { beforeEach, describe, expect, test } from "vitest";
import type { PlainReply } from "../src/resp/plain-reply.ts";
import type { Call } from "./support/raw-client.ts";
import { type SimClient, SimServer } from "./support/sim-server.ts";

describe.each([0, 5, 10, "in place"] as const)(
  "with %s of 10 calls of the engine answered later",
  (slowInTen) => {
    let server: SimServer;
    let client: SimClient;

    beforeEach(async () => {
      server = await new SimServer("transactions", slowInTen).listen();
      client = await server.client();
    });

    const ask = (...call: Call): Promise<PlainReply> => server.settle(client.call(...call));

    /** The replies of EXEC to these calls. */
    async function transaction(by: SimClient, calls: readonly Call[]): Promise<PlainReply> {
      const replies = await Promise.all(by.send([["multi"], ...calls, ["exec"]]));
      return replies.at(-1)!;
    }

    const sumOf = (...values: PlainReply[]): number =>
      values.reduce((sum: number, value) => sum + Number(value), 0);

    test("clients see all of a transaction or nothing, and a transaction sees no other", async () => {
      await ask("mset", "a", "500", "b", "500", "{t}c", "0");
      const clients = await server.clients(8);
      const sums: number[] = [];
      const work = clients.map(async (own, i) => {
        for (let round = 0; round < 12; round++) {
          if (i % 2 === 0) {
            const [values] = own.send([["mget", "a", "b"]]);
            sums.push(sumOf(...((await values) as PlainReply[])));
          } else {
            const calls: Call[] = [
              ["get", "a"],
              ["decrby", "a", `${i}`],
              ["incrby", "b", `${i}`],
              ["get", "b"],
            ];
            const [before, , , after] = (await transaction(own, calls)) as PlainReply[];
            sums.push(sumOf(before!, after!) - i);
          }
        }
      });
      await server.settle(Promise.all(work));
      expect(sums).toEqual(Array.from({ length: 96 }, () => 1000));
    });

    test("of clients who watch, read and write, none undoes another's work", async () => {
      const clients = await server.clients(6);
      let attempts = 0;
      const work = clients.map(async (own) => {
        for (let done = 0; done < 5; attempts++) {
          const [, value] = await Promise.all(
            own.send([
              ["watch", "n"],
              ["get", "n"],
            ]),
          );
          const replies = await transaction(own, [["set", "n", `${Number(value) + 1}`]]);
          if (replies !== null) done++;
        }
      });
      await server.settle(Promise.all(work));
      expect(await ask("get", "n")).toBe("30");
      expect(attempts).toBeGreaterThan(30); // they did meet
    });

    test("increments from transactions and from outside all count", async () => {
      const clients = await server.clients(4);
      const work = clients.map(async (own, i) => {
        for (let round = 0; round < 10; round++) {
          if (i % 2 === 0) await own.call("incr", "n");
          else
            await transaction(own, [
              ["incr", "n"],
              ["incr", "n"],
            ]);
        }
      });
      await server.settle(Promise.all(work));
      expect(await ask("get", "n")).toBe("60");
    });

    test("a reply keeps the value that a later command of the transaction overwrites", async () => {
      await ask("set", "k", "before");
      const calls: Call[] = [
        ["get", "k"],
        ["set", "k", "after!"],
        ["get", "k"],
        ["append", "k", "."],
        ["get", "k"],
      ];
      expect(await server.settle(transaction(client, calls))).toEqual([
        "before",
        "OK",
        "after!",
        7,
        "after!.",
      ]);
    });

    test("calls answer in a transaction what they answer outside", async () => {
      const calls: Call[] = [
        ["set", "{t}text", "some"],
        ["incr", "{t}text"],
        ["get", "{t}text"],
        ["GET", "{t}none"],
        ["incrby", "{t}n", "41"],
        ["incr", "{t}n"],
        ["set", "{t}text", "other", "ex", "100"],
        ["set", "{t}text", "none", "nx"],
        ["mget", "{t}text", "{t}n", "{t}none"],
        ["append", "{t}text", " words"],
        ["select", "3"],
        ["get", "{t}text"],
        ["select", "0"],
        ["get", "{t}text"],
        ["hello", "3"],
        ["get", "{t}none"],
        ["del", "{t}text", "{t}n"],
        ["set", "{t}long", "x".repeat(100_000)],
        ["get", "{t}long"],
        ["hello", "2"],
        ["flushall"],
      ];
      const outside = await server.settle(Promise.all(client.send(calls)));
      expect(await server.settle(transaction(client, calls))).toEqual(outside);
    });

    test("a transaction may go from database to database, swap and clear them", async () => {
      await ask("set", "k", "zero");
      const calls: Call[] = [
        ["select", "1"],
        ["set", "k", "one"],
        ["swapdb", "0", "1"],
        ["get", "k"],
        ["append", "k", "!"],
        ["select", "0"],
        ["get", "k"],
        ["copy", "k", "k", "db", "2"],
        ["flushdb"],
        ["incr", "k"],
        ["dbsize"],
        ["select", "99"],
        ["select", "2"],
        ["get", "k"],
        ["flushall"],
        ["get", "k"],
      ];
      expect(await server.settle(transaction(client, calls))).toEqual([
        ...[
          "OK",
          "OK",
          "OK",
          "zero",
          5,
          "OK",
          "one",
          1,
          "OK",
          1,
          1,
          new Error("ERR DB index is out of range"),
        ],
        ...["OK", "one", "OK", null],
      ]);
    });

    test("keys are listed within a transaction as it has left them", async () => {
      const calls: Call[] = [
        ["set", "{t}1", "v"],
        ["keys", "*"],
        ["del", "{t}1"],
        ["scan", "0"],
        ["randomkey"],
      ];
      expect(await server.settle(transaction(client, calls))).toEqual(["OK", ["{t}1"], 1, ["0", []], null]);
    });
  },
);
