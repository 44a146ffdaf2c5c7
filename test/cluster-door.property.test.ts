/**
 * A cluster answers like one node: whoever is asked, as long as one request follows the other and nobody is down but one.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimCluster } from "./support/sim-cluster.ts";
import { SimServer } from "./support/sim-server.ts";

/** Of several slots; the last three of one. */
const anyKey = fc.constantFrom("a", "b", "c", "d", "{t}a", "{t}b", "{t}c");
const anyNumber = fc.oneof(fc.integer({ min: -3, max: 40 }).map(String), fc.constantFrom("1x", "", "007"));
const anyValue = fc.oneof(anyNumber, fc.constantFrom("text", "v".repeat(200)));
const call = (...args: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> =>
  fc.tuple(...args.map((arg) => (typeof arg === "string" ? fc.constant(arg) : arg)));

const anyCall = fc.oneof(
  call("SET", anyKey, anyValue),
  call("SET", anyKey, anyValue, fc.constantFrom("NX", "XX", "GET", "KEEPTTL", "YY")),
  call("SET", anyKey, anyValue, "EX", fc.constantFrom("1000", "0", "x")),
  call("SETEX", anyKey, "1000", anyValue),
  call(
    fc.constantFrom("GET", "STRLEN", "INCR", "DECR", "GETDEL", "PERSIST", "TYPE", "TTL", "KV.DEL"),
    anyKey,
  ),
  call(fc.constantFrom("INCRBY", "DECRBY", "APPEND", "GETSET", "SETNX"), anyKey, anyNumber),
  call("SETRANGE", anyKey, fc.constantFrom("0", "3", "-1"), anyValue),
  call("SETBIT", anyKey, fc.constantFrom("0", "9"), fc.constantFrom("0", "1", "2")),
  call("EXPIRE", anyKey, fc.constantFrom("1000", "-1", "0")),
  call(fc.constantFrom("DEL", "EXISTS", "MGET", "UNLINK", "TOUCH"), anyKey, anyKey, anyKey),
  call(fc.constantFrom("MSET", "MSETNX"), anyKey, anyValue, anyKey, anyValue, anyKey, anyValue),
  call("MSET", anyKey, anyValue, anyKey),
  call(fc.constantFrom("RENAME", "RENAMENX", "COPY"), anyKey, anyKey),
  call("COPY", anyKey, anyKey, "REPLACE"),
  call("BITOP", fc.constantFrom("OR", "AND", "XOR"), anyKey, anyKey, anyKey),
  call("MOVE", anyKey, "1"),
  call("LCS", anyKey, anyKey, "LEN"),
  call("FLUSHDB"),
  call("KV.WITH", "WRITE", "one", "READ", "quorum", "--", "INCR", anyKey),
);

const NODES = 5;
const anyStep = fc.record({ by: fc.nat(NODES - 1), request: anyCall });

test("replies do not depend on which node is asked, nor on there being several", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 30 }),
      fc.option(fc.nat(NODES - 1)),
      async (steps, away) => {
        const cluster = await new SimCluster("alike", NODES).listen();
        const alone = await new SimServer("alike", 0).listen();
        const one = await alone.client();
        const clients = [];
        for (const id of cluster.ids) clients.push(await cluster.client(id));
        for (const { by, request } of [...steps, ...LOOKS.map((look) => ({ by: 1, request: look }))]) {
          if (away !== null) cluster.down.add(cluster.ids[away]!);
          const asked = by === away ? (by + 1) % NODES : by;
          const expected = await alone.settle(one.call(...request));
          const reply = await cluster.settle(clients[asked]!.call(...request));
          expect(reply, request.join(" ")).toEqual(expected);
        }
      },
    ),
    { numRuns: 40, interruptAfterTimeLimit: 40_000 },
  );
}, 120_000);

test("requests sent at once are answered as if each had waited for the one before", async () => {
  const anyPipeline = fc.array(fc.oneof(anyCall, anySessionCall), { maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(anyPipeline, fc.nat(NODES - 1), fc.boolean(), async (requests, by, isOneDown) => {
      const cluster = await new SimCluster("at once", NODES).listen();
      const alone = await new SimServer("at once", 0).listen();
      const one = await alone.client();
      const client = await cluster.client(cluster.ids[by]!);
      const areAllNeeded = requests.some((request) => request[1]?.startsWith("FAST-"));
      if (isOneDown && !areAllNeeded) cluster.down.add(cluster.ids[(by + 1) % NODES]!);
      const all = [...requests, ...LOOKS];
      const replies = await cluster.settle(Promise.all(client.send(all)));
      for (const [i, reply] of replies.entries()) {
        const expected = await alone.settle(one.call(...all[i]!));
        expect(reply, `${i}: ${all[i]!.join(" ")}`).toEqual(expected);
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 40_000 },
  );
}, 120_000);

/** What changes how those behind it are run, or answered. */
const anySessionCall = fc.oneof(
  call("SELECT", fc.constantFrom("0", "1")),
  call("PING"),
  call("RESET"),
  call("KV.CONSISTENCY", fc.constantFrom("BALANCED", "FAST-READS", "FAST-WRITES")),
  call("NOSUCH", anyKey),
  call("GET"),
);

const LOOKS = [
  ["MGET", "a", "b", "c", "d", "{t}a", "{t}b", "{t}c"],
  ["TTL", "a"],
  ["TTL", "{t}a"],
  ["KEYS", "a*"],
];
