/** Kvorum's embedded store, asked as classic-level is. A put is done when the operating system has it, which is the default. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { KvorumLevel } from "../../src/embedded/kvorum-level.ts";
import type { Contender, StoreSizes } from "./contender.ts";
import { KEY_BYTES, keyInto, numberOfKey, VALUE_BYTES, valueInto, verifyValue } from "./rows.ts";

const SCAN_ROWS = 1000;
const LOOK_MS = 500;

export async function openEmbedded(directory: string, sizes: StoreSizes): Promise<Contender> {
  const db = new KvorumLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
    memtableBytes: sizes.bufferBytes,
    cacheBytes: sizes.cacheBytes,
  });
  await db.open();
  const key = new Uint8Array(KEY_BYTES);
  const words = new Int32Array(VALUE_BYTES / 4);
  const value = new Uint8Array(words.buffer);
  const verify = (found: Uint8Array | undefined, number: number, version: number): void => {
    if (found === undefined) throw new Error(`row ${number} is missing`);
    verifyValue(found, 0, found.length, number, version);
  };
  return {
    put(number, version) {
      keyInto(key, 0, number);
      valueInto(words, number, version);
      return db.put(key, value);
    },
    putBatch(numbers, version) {
      const batch = db.batch();
      for (const number of numbers) {
        const [ownKey, ownWords] = [new Uint8Array(KEY_BYTES), new Int32Array(VALUE_BYTES / 4)];
        keyInto(ownKey, 0, number);
        valueInto(ownWords, number, version);
        batch.put(ownKey, new Uint8Array(ownWords.buffer));
      }
      return batch.write();
    },
    getSync(number, version) {
      keyInto(key, 0, number);
      verify(db.getSync(key), number, version);
    },
    get(number, version) {
      const own = Buffer.allocUnsafe(KEY_BYTES);
      keyInto(own, 0, number);
      return db.get(own).then((found) => verify(found, number, version));
    },
    async scan(versionOf) {
      const rows = db.iterator();
      let count = 0;
      for (;;) {
        const some = await rows.nextv(SCAN_ROWS);
        if (some.length === 0) break;
        for (const [rowKey, found] of some) {
          const number = numberOfKey(rowKey, 0);
          verify(found, number, versionOf(number));
        }
        count += some.length;
      }
      await rows.close();
      return count;
    },
    /** It does not tell that it works: it is done when its tables stay as they are. */
    async settle() {
      for (let before = "", now = "-"; before !== now; ) {
        before = now;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        now = readdirSync(join(directory, "tables")).join();
      }
    },
    close: () => db.close(),
    remarks: () => "",
  };
}
