/** What a data directory holds, row by row, as bytes. */
import { silentLogger } from "../../../src/base/logger.ts";
import { cellTraits, clusterRules } from "../../../src/node/cell-rules.ts";
import { DiskStore } from "../../../src/node/disk-store.ts";
import { DEFAULT_SETTINGS } from "../../../src/node/settings.ts";
import { createNodejsRuntime } from "../../../src/runtime/nodejs/nodejs-runtime.ts";
import { databaseOfRow } from "../../../src/storage/row-key.ts";

/** The node's own rows, which nobody copies, have this database's number. */
const OWN_DATABASE = 255;

/** Cells by row key, both in hexadecimal. Requires: no node runs on the directory. */
export async function storedCells(dataDirectory: string): Promise<ReadonlyMap<string, string>> {
  const runtime = createNodejsRuntime();
  const settings = { ...DEFAULT_SETTINGS, dataDirectory };
  const store = await DiskStore.open(
    runtime,
    settings,
    { rules: clusterRules, traits: cellTraits, isReplica: true },
    silentLogger,
  );
  const cells = new Map<string, string>();
  const rows = store.engine.scan(new Uint8Array(0), undefined);
  try {
    while (await rows.next()) {
      if (databaseOfRow(rows.key.bytes, rows.key.start) === OWN_DATABASE) continue;
      cells.set(hex(rows.key), hex(rows.cell));
    }
  } finally {
    rows.close();
    await store.close();
    await runtime.background.close();
  }
  return cells;
}

function hex({ bytes, start, end }: { bytes: Uint8Array; start: number; end: number }): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
}
