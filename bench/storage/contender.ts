/** What is asked of every store. Rows are told by number and version: see rows.ts. */
export interface Contender {
  /** Alone; 64 of them are under way at a time. Nothing is synced. */
  put(number: number, version: number): unknown;
  /** At once and, where the store has that, as a whole. */
  putBatch(numbers: Uint32Array, version: number): unknown;
  /** At once, though everything else waits for the disk meanwhile. Throws unless the row is there in this version. */
  getSync(number: number, version: number): void;
  /** The same without holding up the event loop: a promise where the store has to wait, or always. */
  get(number: number, version: number): unknown;
  /** Every row in order of its key. Resolves to how many there are; throws unless each is as it should be. */
  scan(versionOf: (number: number) => number): Promise<number>;
  /** Resolves when nothing is under way in the background. */
  settle(): Promise<void>;
  close(): Promise<void>;
  /** What it tells of itself, for curiosity. */
  remarks(): string;
}

export interface StoreSizes {
  /** Of a memtable or write buffer. */
  readonly bufferBytes: number;
  /** Of a cache of blocks. */
  readonly cacheBytes: number;
}

export type OpenContender = (directory: string, sizes: StoreSizes) => Promise<Contender>;
