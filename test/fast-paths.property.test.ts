/**
 * The shortcuts of commands beside the general way: servers that take them, that do not, and whose engine answers later
 * give the same replies, whatever is asked.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimServer } from "./support/sim-server.ts";

const anyKey = fc.constantFrom("a", "b");
const anyNumber = fc.oneof(
  fc.integer({ min: -3, max: 400 }).map(String),
  fc.constantFrom(
    "0",
    "-0",
    "007",
    "1x",
    "",
    "9223372036854775807",
    "9007199254740993",
    "-9223372036854775808",
  ),
);
/** Seconds or milliseconds: none so few that it would matter how long an engine takes. */
const anyLifetime = fc.constantFrom(
  "100000",
  "250000",
  "9999999999",
  "99999999999",
  "0",
  "-5",
  "007",
  "1x",
  "",
);
const anyValue = fc.oneof(anyNumber, fc.constantFrom("text", "v".repeat(200)));
const call = (...args: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> =>
  fc.tuple(...args.map((arg) => (typeof arg === "string" ? fc.constant(arg) : arg)));

const anyCall = fc.oneof(
  call("SET", anyKey, anyValue),
  call("SET", anyKey, anyValue, fc.constantFrom("EX", "px", "KEEPTTL", "NX"), anyLifetime),
  call("SET", anyKey, anyValue, fc.constantFrom("XX", "GET", "KEEPTTL")),
  call("SETEX", anyKey, anyLifetime, anyValue),
  call("PSETEX", anyKey, anyLifetime, anyValue),
  call(fc.constantFrom("GET", "EXISTS", "DEL", "STRLEN"), anyKey),
  call("PERSIST", anyKey),
  call(fc.constantFrom("INCR", "DECR"), anyKey),
  call(fc.constantFrom("INCRBY", "DECRBY"), anyKey, anyNumber),
  call(fc.constantFrom("APPEND", "GETSET", "SETNX"), anyKey, anyNumber),
  call(fc.constantFrom("SET"), anyKey, anyValue, fc.constantFrom("NX", "xx", "EX")),
  call(
    "SET",
    anyKey,
    anyValue,
    fc.constantFrom("nx", "XX", "px"),
    fc.constantFrom("EX", "px", "GET"),
    anyLifetime,
  ),
  call(
    "SET",
    anyKey,
    anyValue,
    fc.constantFrom("EX", "PX"),
    anyLifetime,
    fc.constantFrom("nx", "XX", "KEEPTTL"),
  ),
  call(fc.constantFrom("EXPIRE", "PEXPIRE"), anyKey, anyLifetime),
  call("EXPIRE", anyKey, anyLifetime, fc.constantFrom("NX", "GT", "what")),
  call("GETEX", anyKey, fc.constantFrom("EX", "px", "EXAT"), anyLifetime),
  call("GETEX", anyKey),
  call("MSET", anyKey, anyValue, anyKey, anyValue),
  call("MGET", anyKey, anyKey, anyKey),
  call("SETRANGE", anyKey, anyNumber, anyValue),
  call("SETBIT", anyKey, anyNumber, fc.constantFrom("0", "1")),
  call("RENAME", anyKey, anyKey),
  call(fc.constantFrom("INCR", "SETEX", "MULTI", "EXEC")),
);

/** What there is after each call. */
const LOOKS = [
  ["MGET", "a", "b"],
  ["TTL", "a"],
  ["TTL", "b"],
];

/** What a number cannot say exactly is not added as one, though the sum would be one again. */
const BEYOND_EXACT_NUMBERS = [
  ["INCRBY", "b", "1"],
  ["DECRBY", "b", "9007199254740993"],
  ["GET", "b"],
];

async function serverWith(slowInTen: number, ...setting: string[]) {
  const server = await new SimServer("fast paths", slowInTen).listen();
  const client = await server.client();
  if (setting.length > 0) await server.settle(client.call("CONFIG", "SET", ...setting));
  return { server, client };
}

test("replies do not depend on which way is taken", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 30 }), async (calls) => {
      const servers = [
        await serverWith(0, "slowlog-log-slower-than", "0"), // so every call is timed alone, without shortcuts
        await serverWith(0, "slowlog-log-slower-than", "10000"),
        await serverWith(7, "slowlog-log-slower-than", "10000"),
      ];
      for (const one of calls.flatMap((asked) => [asked, ...LOOKS])) {
        const [general, ...others] = await Promise.all(
          servers.map(({ server, client }) => server.settle(client.call(...(one as [string])))),
        );
        for (const other of others) expect(other, one.join(" ")).toEqual(general);
      }
    }),
    { numRuns: 60, examples: [[BEYOND_EXACT_NUMBERS]] },
  );
}, 60_000);
