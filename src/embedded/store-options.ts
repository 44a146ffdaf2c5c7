/** What may be chosen of an embedded store. */
import type {
  AbstractBatchOptions,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractOpenOptions,
  AbstractPutOptions,
} from "abstract-level";

/**
 * When a write is done:
 *
 *   disk     the disk has it: it survives a power cut. Writes at one time share one sync
 *   system   the operating system has it: it survives the end of this program, however sudden. The disk has it
 *            within about a second
 *   memory   at once. The operating system has it within a few milliseconds: a program that is killed loses those
 *
 * Whatever the choice, after a crash writes are there in their order up to some moment, and batches as a whole.
 */
export type Durability = "disk" | "system" | "memory";

export interface StoreSettings {
  readonly durability?: Durability | undefined;
  /** New rows gather in so much memory before they are written as a table; up to five times that under load. */
  readonly memtableBytes?: number | undefined;
  /** For blocks of tables. */
  readonly cacheBytes?: number | undefined;
  /** LZ4, for blocks that it makes smaller. */
  readonly compression?: boolean | undefined;
}

export interface StoreOptions<K, V> extends AbstractDatabaseOptions<K, V>, StoreSettings {}

export interface StoreOpenOptions extends AbstractOpenOptions, StoreSettings {}

export interface WriteOptions {
  /** Wait for the disk, whatever the store's durability. */
  readonly sync?: boolean | undefined;
}

export interface StorePutOptions<K, V> extends AbstractPutOptions<K, V>, WriteOptions {}
export interface StoreDelOptions<K> extends AbstractDelOptions<K>, WriteOptions {}
export interface StoreBatchOptions<K, V> extends AbstractBatchOptions<K, V>, WriteOptions {}

export const DEFAULT_STORE_SETTINGS = {
  durability: "system",
  memtableBytes: 32 * 1024 * 1024,
  cacheBytes: 64 * 1024 * 1024,
  compression: true,
} as const;
