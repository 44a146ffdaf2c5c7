import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { plainReply } from "./plain-reply.ts";
import {
  attributed,
  bigNumber,
  double,
  failure,
  map,
  nullArray,
  OK,
  push,
  type Reply,
  set,
  verbatim,
} from "./reply.ts";

test.each<[string, Reply, unknown]>([
  ["bytes", utf8("é"), "é"],
  ["a status", OK, "OK"],
  ["verbatim text", verbatim("txt", "a"), "a"],
  ["numbers", [1, 2n, double(0.5), bigNumber(3n)], [1, 2n, 0.5, 3n]],
  ["nothing", [null, nullArray], [null, null]],
  ["booleans", [true, false], [true, false]],
  ["an error", failure("ERR x"), new Error("ERR x")],
  ["a map", map([[utf8("a"), set([utf8("b")])]]), new Map([["a", new Set(["b"])]])],
  ["a push", push([utf8("message")]), ["message"]],
  ["attributes", attributed([["ttl", 1]], utf8("v")), "v"],
])("%s", (_, reply, plain) => {
  expect(plainReply(reply)).toEqual(plain);
});
