/** Kvorum's engine alone, its flushes and compactions on worker threads. */
import type { ByteRange } from "../../src/base/bytes.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { createNodejsRuntime } from "../../src/runtime/nodejs/nodejs-runtime.ts";
import { rowBytes } from "../../src/storage/lsm/log/log-format.ts";
import { LsmEngine } from "../../src/storage/lsm/lsm-engine.ts";
import { RowKey } from "../../src/storage/row-key.ts";
import type { Contender, StoreSizes } from "./contender.ts";
import { task as flush } from "./flush-task.ts";
import { task as merge } from "./merge-task.ts";
import { plainRules, plainTraits } from "./plain-cells.ts";
import { KEY_BYTES, keyInto, numberOfKey, VALUE_BYTES, valueInto, verifyValue } from "./rows.ts";

const HASH_SEED = 1;
const LOOK_MS = 50;
/** A row key has 6 bytes more than the key. */
const ROW_BYTES = rowBytes(KEY_BYTES + 6, VALUE_BYTES);

export async function openLsm(directory: string, sizes: StoreSizes): Promise<Contender> {
  const runtime = createNodejsRuntime();
  const engine = await LsmEngine.open({
    runtime,
    directory,
    rules: plainRules,
    traits: plainTraits,
    tasks: { flush, merge },
    hashSeed: HASH_SEED,
    logger: { ...silentLogger, warn: console.warn, error: console.error },
    fsync: "no",
    segmentBytes: sizes.bufferBytes,
    cacheBytes: sizes.cacheBytes,
  });
  const source = new Uint8Array(KEY_BYTES);
  const key = new RowKey(HASH_SEED);
  const words = new Int32Array(VALUE_BYTES / 4);
  const cell = { bytes: new Uint8Array(words.buffer), start: 0, end: VALUE_BYTES };
  let range: ByteRange = { bytes: source, start: 0, end: 0 };
  const aim = (number: number): void => {
    keyInto(source, 0, number);
    key.encode(0, source, 0, KEY_BYTES);
  };
  const put = (number: number, version: number): void => {
    aim(number);
    valueInto(words, number, version);
    engine.plain.append(key, cell); // blindly, as its peers do
  };
  const verify = (isThere: boolean, found: ByteRange, number: number, version: number): void => {
    if (!isThere) throw new Error(`row ${number} is missing`);
    verifyValue(found.bytes, found.start, found.end - found.start, number, version);
  };
  return {
    put(number, version) {
      put(number, version);
      return engine.durable();
    },
    putBatch(numbers, version) {
      engine.plain.reserve(numbers.length * ROW_BYTES);
      for (const number of numbers) put(number, version);
      return engine.durable();
    },
    getSync(number, version) {
      aim(number);
      verify(engine.plain.getSync(key, range), range, number, version);
    },
    get(number, version) {
      aim(number);
      const into = range;
      const found = engine.get(key, into);
      if (typeof found === "boolean") return verify(found, into, number, version);
      range = { bytes: source, start: 0, end: 0 }; // the other one is filled when the disk has answered
      return found.then((isThere) => verify(isThere, into, number, version));
    },
    async scan(versionOf) {
      const rows = engine.scan(new Uint8Array(0), undefined);
      let count = 0;
      for (;;) {
        const moved = rows.next();
        if (!(moved === true || (await moved))) return count;
        count++;
        const number = numberOfKey(rows.key.bytes, rows.key.end - KEY_BYTES);
        verify(true, rows.cell, number, versionOf(number));
      }
    },
    async settle() {
      do await runtime.clock.sleep(LOOK_MS);
      while (engine.statistics.runningTasks > 0);
    },
    async close() {
      await engine.close();
      await runtime.background.close();
    },
    remarks: () =>
      `${engine.statistics.flushCount} flushes, ${engine.statistics.compactionCount} compactions, ` +
      `${engine.statistics.tableCount} tables`,
  };
}
