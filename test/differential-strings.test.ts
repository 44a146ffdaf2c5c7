/** The string and bitmap commands answer random calls, good and bad, with the very bytes that Redis answers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { STORAGE_KINDS } from "../src/node/settings.ts";
import {
  type ArgumentMaker,
  anyBytes,
  CallGenerator,
  type CallShape,
  integerBetween,
  oneOf,
  repeated,
  sequence,
} from "./support/call-generator.ts";
import { Differential } from "./support/differential.ts";
import { startKvorum } from "./support/kvorum-peer.ts";
import type { Call } from "./support/raw-client.ts";
import { type Peer, redisAbsence, startRedis } from "./support/redis-peer.ts";

const VALUE_BYTES_MAX = 1024 * 1024;
const CALLS = 30_000;
const CALLS_AT_ONCE = 200;

const key = oneOf("a", "b", "c", "d", "{e}1", "\x00\xff\r\n");
const strangeInteger = oneOf(
  ...["", " 1", "1 ", "+1", "01", "-0", "1.0", "0x1", "1e3", "abc", "-", "--1", "1\x00", "\xff"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"],
  ...["18446744073709551616", "4611686018427387904", "-4611686018427387904", "99999999999999999999999"],
);
const integer = oneOf(integerBetween(-20, 20), integerBetween(-2e9, 2e9), strangeInteger);
const plainInteger = oneOf(
  "0",
  "1",
  "-1",
  "10",
  "9223372036854775806",
  "-9223372036854775807",
  "12345678901",
);
const decimal: ArgumentMaker = (random) => {
  const digits = (max: number) => `${random.uint32()}${random.uint32()}`.slice(0, random.below(max));
  const exponent = random.oneIn(3) ? `e${random.below(60) - 30}` : "";
  return [`${random.oneIn(2) ? "-" : ""}${digits(19)}.${digits(20)}${exponent}`];
};
const extremeFloat = oneOf(
  ...["1e4932", "1.2e4932", "-1.19e4932", "1e-4950", "1e-4951", "3.6e-4951", "1e400", "-1e400", "1e-400"],
  ...["0x1p16383", "0x1.ffffffffffffffffp16383", "0x1p16384", "0x1p-16445", "0x1p-16446", "0x1.8p-16446"],
  ...["0e99999999999999999999", "1e-99999999999999999999", "1e99999999999999999999", "inf", "1", decimal],
);
const float = oneOf(
  ...[decimal, decimal, decimal, plainInteger],
  ...["inf", "-Infinity", "nan", "0x1p-3", "0X.8P1", "0x", "0x.p1", "1e", "1e+", ".", "e5", "+", "0x1p"],
  ...["0x1.ffffffffffffffffp0", "0x1.ffffffffffffffff8p70", "5.", ".5", "+.5E+1", "-0", " 1", "1 ", "1_0"],
  ...["18446744073709551616", "18446744073709551617", "0.1", "-0.1", "1e-17", "4e-18", "5e-18", "6e-18"],
);
const value = oneOf(anyBytes(40), anyBytes(3), plainInteger, decimal, "", "\xff\xff\xff", "\x00\x00\x00\x00");
const smallAlphabet = anyBytes(100, 0x03);
const offset = oneOf(integerBetween(0, 300), integerBetween(0, 300), "8388608", "4294967295", strangeInteger);
const index = oneOf(integerBetween(-30, 30), integerBetween(-400, 400), strangeInteger);
// Kvorum takes no time beyond the year 10889: so all are either nearer than that or refused by Redis too.
const lifetime = oneOf("100000000", "1000000000", "0", "-1", "", "1.5", "abc", "9223372036854775807");
const past = oneOf("1", "1000");
const future = "4102444800";
const expiry = oneOf(
  sequence(oneOf("EX", "ex", "PX", "Px"), lifetime),
  sequence(oneOf("EXAT", "exAt"), oneOf(past, future, "0", "-5", "", "9223372036854775808")),
  sequence(oneOf("PXAT", "pxat"), oneOf(past, `${future}000`, "0", "-5", "1.5")),
);
const unit = oneOf("BIT", "byte", "BYTE", "Bit", "bits");
const fieldType = oneOf(
  ...["i8", "u8", "u1", "i1", "i64", "u63", "i63", "u13", "i5", "u32", "i33", "i7"],
  ...["u64", "i65", "i0", "u", "", "x8", "I8", "u08", "u-1"],
);
// Redis multiplies a #-offset without noticing when it overflows; Kvorum refuses it. So none are that large.
const fieldOffset = oneOf(
  integerBetween(0, 200),
  integerBetween(0, 60),
  "#0",
  "#1",
  "#9",
  "#",
  "#-1",
  "-1",
  "#x",
  "##1",
  "9999999999",
);
const overflowRule = oneOf("WRAP", "sat", "FAIL", "none");
const fieldWrite = oneOf(
  sequence("SET", fieldType, fieldOffset, integer),
  sequence("incrby", fieldType, fieldOffset, integer),
  sequence("INCRBY", oneOf("i8", "u4"), "0", integerBetween(-300, 300)),
);
const fieldOperation = oneOf(
  sequence(oneOf("GET", "get"), fieldType, fieldOffset),
  fieldWrite,
  fieldWrite,
  sequence("OVERFLOW", overflowRule),
);
const lcsOption = oneOf(
  "LEN",
  "IDX",
  "idx",
  "WITHMATCHLEN",
  sequence("MINMATCHLEN", oneOf("0", "1", "2", "-3", "4", "x")),
);

// No small positive number among them: as a lifetime it would make replies depend on the time of day.
const strays = oneOf("0", "-7", "123456789012", "1.5", "NX", "GET", "", "foo", "\x00\xfe");

const shapes: readonly CallShape[] = [
  ["get", key],
  ["get", key],
  ["set", key, value],
  ["set", key, plainInteger],
  ["set", key, smallAlphabet],
  ["set", key, value, expiry],
  ["set", key, value, repeated(oneOf("NX", "xx", "GET", "keepttl", "KEEPTTL", expiry), 1, 3)],
  ["setnx", key, value],
  ["setex", key, lifetime, value],
  ["psetex", key, lifetime, value],
  ["getset", key, value],
  ["getdel", key],
  ["getex", key, oneOf(expiry, "PERSIST", "persist", repeated(oneOf("PERSIST", expiry), 0, 2))],
  ["ttl", key],
  ["ttl", key],
  ["mget", repeated(key, 1, 5)],
  ["mset", repeated(sequence(key, value), 1, 4)],
  ["msetnx", repeated(sequence(key, value), 1, 2)],
  ["append", key, value],
  ["strlen", key],
  ["getrange", key, index, index],
  ["substr", key, index, index],
  ["setrange", key, oneOf(integerBetween(0, 50), strangeInteger, "1048576", "-1"), value],
  ["incr", key],
  ["decr", key],
  ["incrby", key, integer],
  ["decrby", key, integer],
  ["incrbyfloat", key, float],
  ["incrbyfloat", key, float],
  ["set", key, float],
  // On a key of their own: LCS of such long numbers is too much for a Redis with so small a limit.
  ["incrbyfloat", "extreme", extremeFloat],
  ["incrbyfloat", "extreme", extremeFloat],
  ["set", "extreme", extremeFloat],
  ["lcs", key, key, repeated(lcsOption, 0, 3)],
  ["lcs", oneOf("a", "b"), oneOf("a", "b"), "IDX", repeated(lcsOption, 0, 2)],
  ["mset", "a", smallAlphabet, "b", smallAlphabet],
  ["setbit", key, offset, oneOf("0", "1", "1", "2", strangeInteger)],
  ["getbit", key, offset],
  ["bitcount", key],
  ["bitcount", key, index, index],
  ["bitcount", key, index, index, unit],
  ["bitpos", key, oneOf("0", "1", "1", "0", "2", strangeInteger), repeated(index, 0, 2)],
  ["bitpos", key, oneOf("0", "1"), index, index, unit],
  ["bitop", oneOf("AND", "or", "XOR", "NAND"), key, repeated(key, 1, 4)],
  ["bitop", oneOf("not", "NOT"), key, repeated(key, 1, 2)],
  ["bitfield", key, repeated(fieldOperation, 0, 4)],
  ["bitfield", key, "overflow", overflowRule, repeated(fieldWrite, 1, 3)],
  ["bitfield", key, repeated(fieldOperation, 1, 4)],
  ["bitfield_ro", key, repeated(sequence("GET", fieldType, fieldOffset), 0, 3)],
  ["bitfield_ro", key, fieldOperation],
];

/** Calls where a value comes to its greatest length: too large to be sent often. */
const largeCalls: readonly Call[] = [
  ["setrange", "large", `${VALUE_BYTES_MAX - 1}`, "x"],
  ["setrange", "large", `${VALUE_BYTES_MAX}`, "x"],
  ["setrange", "large", `${VALUE_BYTES_MAX}`, ""],
  ["strlen", "large"],
  ["append", "large", "y"],
  ["append", "large", ""],
  ["append", "small", "y"],
  ["setbit", "bits", `${VALUE_BYTES_MAX * 8 - 1}`, "1"],
  ["setbit", "bits", `${VALUE_BYTES_MAX * 8}`, "1"],
  ["getbit", "bits", `${VALUE_BYTES_MAX * 8 - 1}`],
  ["getbit", "bits", `${VALUE_BYTES_MAX * 8}`],
  ["bitpos", "bits", "1"],
  ["bitcount", "bits"],
  ["bitop", "xor", "both", "bits", "large"],
  ["bitcount", "both"],
  ["bitfield", "bits", "get", "u8", `${VALUE_BYTES_MAX * 8 - 1}`],
  ["lcs", "large", "bits"],
];

/** How long a key still lives depends on when it is asked; that it does, does not. */
function withoutTime(reply: string, [name]: Call): string {
  return name === "ttl" || name === "TTL" ? reply.replace(/^:\d+/, ":n") : reply;
}

describe.skipIf(redisAbsence !== undefined).each(STORAGE_KINDS)(
  "beside Redis, with storage %s",
  (storage) => {
    let redis: Peer;
    let kvorum: Peer;

    beforeAll(async () => {
      redis = await startRedis("--proto-max-bulk-len", `${VALUE_BYTES_MAX}`);
      kvorum = await startKvorum({ storage, valueBytesMax: VALUE_BYTES_MAX });
    });

    afterAll(() => Promise.all([redis?.close(), kvorum?.close()]));

    test.each([2, 3])("random calls by RESP%i", async (protocol) => {
      const differential = await Differential.open({ redis: redis.port, kvorum: kvorum.port });
      await differential.compare([["hello", `${protocol}`]], () => "");
      const generator = new CallGenerator({
        seed: `strings ${protocol}`,
        shapes,
        strays,
      });
      for (let done = 0; done < CALLS / 2; done += CALLS_AT_ONCE) {
        expect(await differential.compare(generator.calls(CALLS_AT_ONCE), withoutTime)).toEqual([]);
      }
      differential.close();
    });

    test("values of the greatest length", async () => {
      const differential = await Differential.open({ redis: redis.port, kvorum: kvorum.port });
      expect(await differential.compare(largeCalls)).toEqual([]);
      differential.close();
    });
  },
);
