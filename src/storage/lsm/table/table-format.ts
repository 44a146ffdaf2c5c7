/**
 * The layout of a table file ("sstable"): immutable rows in row-key order. Shared by table-writer.ts and
 * table-reader.ts. DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   data blocks     one after another (block-builder.ts), each packed by itself (block-codec.ts)
 *   summary         Merkle leaf sums (merkle-summary.ts)
 *   tally           net row counts (row-tally.ts)
 *   index           per block: its first key, length and checksum (block-index.ts)
 *   filter          Bloom filter of the row keys (bloom-filter.ts)
 *   properties      what the table holds, in figures (table-properties.ts)
 *   footer          64 bytes:
 *
 *     offset  size  field
 *          0     8  dataBytes    length of all data blocks
 *          8    40  sections     five times length (4) and CRC-32 (4): summary, tally, index, filter, properties
 *         48     4  version      1
 *         52     4  checksum     CRC-32 of the 52 bytes before it
 *         56     8  magic        "KVORUM" 0x54 0x0a
 *
 * Numbers are little-endian. Checksums stand with the parent, not with the child (as in ZFS): the footer knows those
 * of the sections, the index those of the blocks, the manifest that of the footer. So a block or a file that is whole
 * but not the right one is found, too.
 */
import { crc32 } from "node:zlib";
import { assert } from "../../../base/assert.ts";
import { equalBytes } from "../../../base/bytes.ts";
import { corruption } from "./corruption.ts";
import { UnknownFormat } from "./unknown-format.ts";

export const TABLE_VERSION = 1;
export const FOOTER_BYTES = 64;
const SECTIONS_AT = 8;
const VERSION_AT = 48;
const CHECKSUM_AT = 52;
const MAGIC_AT = 56;
const MAGIC = Uint8Array.of(0x4b, 0x56, 0x4f, 0x52, 0x55, 0x4d, 0x54, 0x0a);

/** In the order in which they lie in the file. The last three are what a reader must have to look anything up. */
export const SECTION_NAMES = ["summary", "tally", "index", "filter", "properties"] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

export interface Section {
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

export interface Footer {
  readonly dataBytes: number;
  readonly sections: Readonly<Record<SectionName, Section>>;
  /** Of the footer itself: stands for the whole table. */
  readonly checksum: number;
}

/** The footer that follows the sections `contents` (in file order). */
export function encodeFooter(dataBytes: number, contents: readonly Uint8Array[]): Uint8Array {
  assert(contents.length === SECTION_NAMES.length, "a table has all its sections");
  const footer = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(footer.buffer);
  view.setUint32(0, dataBytes % 2 ** 32, true);
  view.setUint32(4, Math.floor(dataBytes / 2 ** 32), true);
  contents.forEach((bytes, i) => {
    assert(bytes.length < 2 ** 32, "a section is below 4 GiB");
    view.setUint32(SECTIONS_AT + 8 * i, bytes.length, true);
    view.setUint32(SECTIONS_AT + 8 * i + 4, crc32(bytes), true);
  });
  view.setUint32(VERSION_AT, TABLE_VERSION, true);
  view.setUint32(CHECKSUM_AT, crc32(footer.subarray(0, CHECKSUM_AT)), true);
  footer.set(MAGIC, MAGIC_AT);
  return footer;
}

/** Reads the footer of the file `path` of `fileBytes`. Throws StoreError CORRUPTION; IO if it is of a later version. */
export function decodeFooter(bytes: Uint8Array, path: string, fileBytes: number): Footer {
  const offset = Math.max(0, fileBytes - FOOTER_BYTES);
  if (bytes.length !== FOOTER_BYTES || !equalBytes(bytes.subarray(MAGIC_AT), MAGIC)) {
    throw corruption(path, offset, "there is no table footer: not a table, or cut off");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const checksum = view.getUint32(CHECKSUM_AT, true);
  if (crc32(bytes.subarray(0, CHECKSUM_AT)) !== checksum) {
    throw corruption(path, offset, "the footer's checksum does not match");
  }
  const version = view.getUint32(VERSION_AT, true);
  if (version !== TABLE_VERSION) throw new UnknownFormat(path, version, TABLE_VERSION);
  const dataBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const { sections, end } = decodeSections(view, dataBytes);
  if (end !== offset) throw corruption(path, offset, "the file's length is not what its footer says");
  return { dataBytes, sections, checksum };
}

function decodeSections(
  view: DataView,
  dataBytes: number,
): { sections: Record<SectionName, Section>; end: number } {
  let end = dataBytes;
  const entries = SECTION_NAMES.map((name, i): [SectionName, Section] => {
    const length = view.getUint32(SECTIONS_AT + 8 * i, true);
    const checksum = view.getUint32(SECTIONS_AT + 8 * i + 4, true);
    end += length;
    return [name, { offset: end - length, length, checksum }];
  });
  return { sections: Object.fromEntries(entries) as Record<SectionName, Section>, end };
}
