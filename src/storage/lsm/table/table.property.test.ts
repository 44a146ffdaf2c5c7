/** A table gives back what was written to it, whatever it is and however it is packed: writer and reader together. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { BlockCache } from "./block-cache.ts";
import type { TableReader as Reader } from "./table-reader.ts";
import { TableReader } from "./table-reader.ts";
import {
  bytesOf,
  probeOf,
  type Row,
  rangeOf,
  sampleCell,
  sampleKey,
  writeSampleTable,
} from "./table-samples.oracle.ts";
import type { TableSettings } from "./table-writer.ts";

const anyKey = fc.tuple(
  fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.constantFrom("a", "aa", "{a}b", "{a}c").map((s) => Buffer.from(s)),
  ),
  fc.integer({ min: 0, max: 2 }),
);
/** Some share a row key up to an element, as the fields of one hash would. */
const anyRowKey = fc
  .tuple(anyKey, fc.uint8Array({ maxLength: 3 }))
  .map(([[name, database], element]) => Uint8Array.of(...sampleKey(name, database), ...element));
const anyPayload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.tuple(fc.uint8Array({ maxLength: 3 }), fc.integer({ min: 0, max: 600 })).map(([unit, count]) => {
    return new Uint8Array(Buffer.concat(Array<Uint8Array>(count).fill(unit)));
  }),
);
const anyRows = fc
  .uniqueArray(fc.record({ key: anyRowKey, cell: anyPayload.map((payload) => sampleCell(payload)) }), {
    selector: ({ key }) => Buffer.from(key).toString("hex"),
    maxLength: 120,
    size: "max",
  })
  .map((rows) => rows.sort((a, b) => compareBytes(a.key, b.key)));
const anySettings = fc.record<TableSettings>({
  blockBytes: fc.constantFrom(1, 100, 1000, 8192),
  packing: fc.constantFrom("stored", "lz4", "deflate"),
  bloomBitsPerKey: fc.constantFrom(1, 10),
});

async function withTable(
  rows: readonly Row[],
  settings: TableSettings,
  body: (reader: Reader) => Promise<void>,
): Promise<void> {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  const run = async (): Promise<void> => {
    const { checksum } = await writeSampleTable(disk, "/t", rows, settings);
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(50_000), checksum });
    await body(reader);
    await reader.close();
  };
  await world.runUntil(run());
}

async function collect(reader: Reader, from?: Uint8Array, to?: Uint8Array): Promise<Row[]> {
  const rows: Row[] = [];
  const iterator = reader.scan(from, to, { readAheadBytesMin: 200, readAheadBytesMax: 800 });
  while (await iterator.next()) rows.push({ key: bytesOf(iterator.key), cell: bytesOf(iterator.cell) });
  return rows;
}

test("every row is found, from the disk and from the cache, and no other", () =>
  fc.assert(
    fc.asyncProperty(anyRows, fc.array(anyRowKey), anySettings, (rows, others, settings) =>
      withTable(rows, settings, async (reader) => {
        const cells = new Map(rows.map(({ key, cell }) => [Buffer.from(key).toString("hex"), cell]));
        const into = rangeOf(new Uint8Array(0));
        for (const key of [...rows, ...rows].map((row) => row.key).concat(others)) {
          const isFound = await reader.get(probeOf(key), into);
          const expected = cells.get(Buffer.from(key).toString("hex"));
          expect(isFound ? bytesOf(into) : undefined).toEqual(expected);
        }
      }),
    ),
    { numRuns: 30 },
  ));

test("a scan gives the rows between its ends, in order", () =>
  fc.assert(
    fc.asyncProperty(
      anyRows,
      fc.option(anyRowKey),
      fc.option(anyRowKey),
      anySettings,
      (rows, from, to, settings) =>
        withTable(rows, settings, async (reader) => {
          const isWithin = ({ key }: Row): boolean =>
            (from === null || compareBytes(key, from) >= 0) && (to === null || compareBytes(key, to) < 0);
          const expected = rows.filter(isWithin);
          expect(await collect(reader, from ?? undefined, to ?? undefined)).toEqual(expected);
        }),
    ),
    { numRuns: 100 },
  ));
