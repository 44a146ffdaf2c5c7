import { expect, test } from "vitest";
import { call } from "../../test/support/pure-call.ts";
import type { CommandEntry } from "./command-table.ts";
import { createCommandTable } from "./commands.ts";
import { Transaction } from "./transaction.ts";

const table = createCommandTable();

function queued(...lines: string[]) {
  const transaction = new Transaction<never>();
  for (const line of lines) {
    const args = call(line);
    const item = table.find(args[0]!, 0, args[0]!.length);
    if (item?.kind !== "command") throw new Error(`no command ${line}`);
    transaction.enqueue({ entry: item.entry as unknown as CommandEntry<never>, args });
  }
  return transaction;
}

function keysOf(transaction: Transaction<never>, database: number): string[] {
  return transaction
    .keyRefs(database)
    .map(({ database: number, key }) => `${number}:${Buffer.from(key).toString()}`);
}

test("its keys are in the database that is selected by then", () => {
  const transaction = queued("GET a", "SELECT 5", "MSET b 1 c 2", "SELECT 99", "SELECT x", "INCR d", "PING");
  expect(keysOf(transaction, 3)).toEqual(["3:a", "5:b", "5:c", "5:d"]);
});

test("its keys are where they are before it swaps databases", () => {
  const transaction = queued("GET a", "SWAPDB 0 1", "GET b", "SWAPDB 1 2", "GET c", "SELECT 1", "GET d");
  expect(keysOf(transaction, 0)).toEqual(["0:a", "1:b", "1:c", "2:d"]);
});

test("COPY and MOVE have keys in two databases, bad ones in their own", () => {
  const transaction = queued("COPY a b DB 7", "MOVE a 8", "COPY a b DB 70", "MOVE a x");
  expect(keysOf(transaction, 0)).toEqual(["0:a", "7:b", "0:a", "8:a", "0:a", "0:b", "0:a", "0:a"]);
});

test("once spoilt it keeps nothing more", () => {
  const transaction = queued("SET a 1");
  const { queuedBytes } = transaction;
  transaction.spoil();
  const item = table.find(call("GET")[0]!, 0, 3);
  if (item?.kind !== "command") throw new Error("no GET");
  transaction.enqueue({ entry: item.entry as unknown as CommandEntry<never>, args: call("GET a") });
  expect([transaction.callCount, transaction.queuedBytes]).toEqual([1, queuedBytes]);
});
