import fc from "fast-check";
import { expect, test } from "vitest";
import { toText } from "../../base/bytes.ts";
import { Request } from "../../resp/request.ts";
import { REQUEST, RequestDecoder } from "../../resp/request-decoder.ts";
import { RequestBatch } from "./request-batch.ts";
import { OPERATIONS } from "./workload.ts";

/** The requests in `bytes`, as words. */
function decoded(bytes: Uint8Array): string[][] {
  const decoder = new RequestDecoder();
  const request = new Request();
  const found: string[][] = [];
  decoder.feed(bytes, bytes.length);
  while (decoder.next(request) === REQUEST) {
    found.push(
      Array.from({ length: request.argCount }, (_, i) =>
        toText(request.bytes.subarray(request.starts[i]!, request.ends[i]!)),
      ),
    );
  }
  return found;
}

const key = (record: number): string => `key:${String(record).padStart(12, "0")}`;

function expected(kind: number, record: number, recordCount: number, value: string): string[] {
  switch (OPERATIONS[kind]!) {
    case "read":
    case "read-modify-write":
      return ["GET", key(record)];
    case "update":
    case "insert":
      return ["SET", key(record), value];
    case "increment":
      return ["INCR", key(record).replace("key:", "num:")];
    case "scan":
      return ["MGET", ...Array.from({ length: recordCount }, (_, i) => key(record + i))];
    case "ping":
      return ["PING"];
  }
}

const operation = fc.record({
  kind: fc.nat(OPERATIONS.length - 1),
  record: fc.oneof(fc.nat(2_000_000_000), fc.integer({ min: 2_100_000_000, max: 9_999_999_000 })),
  recordCount: fc.integer({ min: 1, max: 5 }),
});

test("each batch holds what was added since the last, whatever stood there before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ operations: fc.array(operation, { maxLength: 40 }), isLent: fc.boolean() }), {
        maxLength: 6,
      }),
      fc.integer({ min: 1, max: 300 }),
      (batches, valueBytes) => {
        const batch = new RequestBatch({ keyBytes: 16, valueBytes });
        for (const { operations, isLent } of batches) {
          for (const { kind, record, recordCount } of operations) batch.add(kind, record, recordCount);
          const found = decoded(batch.view);
          const value = found.find(([command]) => command === "SET")?.[2] ?? "";
          expect(found).toEqual(
            operations.map(({ kind, record, recordCount }) => expected(kind, record, recordCount, value)),
          );
          if (value !== "") expect(value).toHaveLength(valueBytes);
          if (isLent) batch.abandon();
          else batch.clear();
        }
      },
    ),
  );
});

test("what was lent stays as it was when the next batch is written", () => {
  const batch = new RequestBatch({ keyBytes: 16, valueBytes: 10 });
  batch.add(OPERATIONS.indexOf("read"), 7, 1);
  const lent = batch.view;
  batch.abandon();
  batch.add(OPERATIONS.indexOf("read"), 8, 1);
  expect(decoded(lent)).toEqual([["GET", key(7)]]);
});
