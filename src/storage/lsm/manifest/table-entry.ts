/** A table as the manifest knows it, and the name of its file. */
import type { TableMetadata } from "../table/table-writer.ts";

/** Plain data: goes between threads as it is. */
export interface TableEntry extends TableMetadata {
  readonly number: number;
  readonly level: number;
  /** Number of the newest log segment whose rows are in it: in level 0, the higher one has the newer rows. */
  readonly age: number;
  /** When it was written, rows deleted or expired up to this wall time had been dropped, if they could be. */
  readonly horizonMs: number;
}

const NAME = /^(\d{6,15})\.sst$/;

/** "000012.sst": in at least six digits, so that names sort. */
export function tableName(number: number): string {
  return `${String(number).padStart(6, "0")}.sst`;
}

/** Undefined if the name is not that of a table. */
export function tableNumberOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
