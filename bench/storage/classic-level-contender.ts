/** LevelDB by its addon: default compression (Snappy), no sync. */
import { ClassicLevel } from "classic-level";
import type { Contender, StoreSizes } from "./contender.ts";
import { KEY_BYTES, keyInto, numberOfKey, VALUE_BYTES, valueInto, verifyValue } from "./rows.ts";

const SCAN_ROWS = 1000;
const SCAN_BYTES = 1024 * 1024;
const LOOK_MS = 500;

export async function openClassicLevel(directory: string, sizes: StoreSizes): Promise<Contender> {
  const db = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: "view",
    valueEncoding: "view",
    writeBufferSize: sizes.bufferBytes,
    cacheSize: sizes.cacheBytes,
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
      return db.put(key, value); // copies both before it returns
    },
    putBatch(numbers, version) {
      const batch = db.batch();
      for (const number of numbers) {
        keyInto(key, 0, number);
        valueInto(words, number, version);
        batch.put(key, value);
      }
      return batch.write();
    },
    getSync(number, version) {
      keyInto(key, 0, number);
      verify(db.getSync(key), number, version);
    },
    get(number, version) {
      const own = Buffer.allocUnsafe(KEY_BYTES); // is read from while the promise waits
      keyInto(own, 0, number);
      return db.get(own).then((found) => verify(found, number, version));
    },
    async scan(versionOf) {
      const rows = db.iterator({ highWaterMarkBytes: SCAN_BYTES });
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
    /** LevelDB does not tell that it works: it is done when its files stay as they are. */
    async settle() {
      for (let before = "", now = "-"; before !== now; ) {
        before = now;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        now = String(db.getProperty("leveldb.sstables"));
      }
    },
    close: () => db.close(),
    remarks: () =>
      [0, 1, 2, 3]
        .map((level) => `level ${level}: ${String(db.getProperty(`leveldb.num-files-at-level${level}`))}`)
        .join(", "),
  };
}
