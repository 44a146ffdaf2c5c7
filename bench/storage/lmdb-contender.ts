/** LMDB by its addon: puts gather in transactions that commit off the main thread; no sync. */
import { open } from "lmdb";
import type { Contender } from "./contender.ts";
import { KEY_BYTES, keyInto, numberOfKey, VALUE_BYTES, valueInto, verifyValue } from "./rows.ts";

const ROWS_PER_TURN = 1000;

export async function openLmdb(directory: string): Promise<Contender> {
  const db = open<Uint8Array, Uint8Array>({
    path: directory,
    encoding: "binary",
    keyEncoding: "binary",
    noSync: true,
    mapSize: 2 ** 34,
  });
  const words = new Int32Array(VALUE_BYTES / 4);
  const value = Buffer.from(words.buffer);
  const key = Buffer.alloc(KEY_BYTES);
  const put = (number: number, version: number): Promise<boolean> => {
    keyInto(key, 0, number);
    valueInto(words, number, version);
    return db.put(key, Buffer.from(value)); // keeps the value until it is committed
  };
  const verify = (found: Uint8Array | undefined, number: number, version: number): void => {
    if (found === undefined) throw new Error(`row ${number} is missing`);
    verifyValue(found, 0, found.length, number, version);
  };
  const getSync = (number: number, version: number): void => {
    keyInto(key, 0, number);
    verify(db.getBinaryFast(key), number, version);
  };
  return {
    put,
    putBatch: (numbers, version) =>
      db.transaction(() => {
        for (const number of numbers) void put(number, version);
      }),
    getSync,
    get: getSync, // it has no other
    async scan(versionOf) {
      let count = 0;
      for (const row of db.getRange({ snapshot: false })) {
        const number = numberOfKey(row.key, 0);
        verify(row.value, number, versionOf(number));
        if (++count % ROWS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return count;
    },
    settle: async () => {
      await db.flushed;
    },
    close: () => db.close(),
    remarks: () => "",
  };
}
