/**
 * A thread that reads short pieces of files. What is asked for in one turn of the event loop is handed over together and
 * comes back together: a fraction of what it costs to ask the thread pool for each piece, and never does the event loop
 * wait for the disk. The thread starts when many reads at once have been seen.
 *
 *   shared   askedCount, doneCount     4 bytes each: since the start, modulo 2^32
 *            per place                 file number, length, offset modulo 2^31, offset / 2^31, bytes read (4 each)
 *            per place                 the bytes read
 *
 * A disk that has to be waited for is better read by the pool's threads, several pieces at a time: so a round of reads
 * that takes long is broken off, and the next reads are refused for a while.
 *
 * Hot: `read`; watched by `bench -- storage`.
 */
import { Worker } from "node:worker_threads";

/** `bytes` are valid only until it returns; undefined if they could not be read here. It must not throw. */
export type OnPiece = (bytes: Uint8Array | undefined) => void;

const LAYOUT = {
  /** A power of two. */
  placeCount: 256,
  pieceBytesMax: 16 * 1024,
  placeWords: 5,
  headWords: 2,
  /** A round that takes longer is broken off: the disk is not in memory. */
  roundMsMax: 5,
} as const;
const HEAD_BYTES = 4 * (LAYOUT.headWords + LAYOUT.placeCount * LAYOUT.placeWords);
const SHARED_BYTES = HEAD_BYTES + LAYOUT.placeCount * LAYOUT.pieceBytesMax;
const OFFSET_UNIT = 2 ** 31;
const CROWD = 4;
/** Reads that found others under way, before the thread is worth its start. */
const CROWDED_READS_MIN = 256;
/** Reads that are refused after a round that took long. */
const REFUSED_READS = 1000;

export class ReadThread {
  #worker: Worker | undefined;
  #words: Int32Array = new Int32Array(0);
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #waiting: (OnPiece | undefined)[] = [];
  readonly #lengths: number[] = [];
  #askedCount = 0;
  #doneCount = 0;
  #isHandingOver = false;
  #otherReads = 0;
  #crowdedReads = 0;
  #refusedReads = 0;
  #fileCount = 0;

  /** A file is open that may be read here. */
  retain(): void {
    this.#fileCount++;
  }

  /** It is closed. Resolves when the thread is gone, if that was the last one. */
  async release(): Promise<void> {
    if (--this.#fileCount > 0) return;
    const worker = this.#worker;
    this.#lose();
    await worker?.terminate();
  }

  /** One more read, or one less, of those refused here is under way. */
  onOtherRead(change: 1 | -1): void {
    this.#otherReads += change;
  }

  /** False if the read is not for this thread; else `onPiece` is called later. Requires: the file stays open till then. */
  read(fd: number, offset: number, length: number, onPiece: OnPiece): boolean {
    if (length > LAYOUT.pieceBytesMax) return false;
    if (this.#refusedReads > 0) {
      this.#refusedReads--;
      return false;
    }
    if (this.#worker === undefined && !this.#isWorthIt()) return false;
    if (((this.#askedCount - this.#doneCount) | 0) >= LAYOUT.placeCount) return false;
    this.#ask(fd, offset, length, onPiece);
    return true;
  }

  #ask(fd: number, offset: number, length: number, onPiece: OnPiece): void {
    const place = this.#askedCount & (LAYOUT.placeCount - 1);
    const words = this.#words;
    const word = LAYOUT.headWords + place * LAYOUT.placeWords;
    words[word] = fd;
    words[word + 1] = length;
    words[word + 2] = offset % OFFSET_UNIT;
    words[word + 3] = Math.floor(offset / OFFSET_UNIT);
    this.#waiting[place] = onPiece;
    this.#lengths[place] = length;
    if (this.#askedCount === this.#doneCount) this.#worker!.ref();
    this.#askedCount = (this.#askedCount + 1) | 0;
    if (this.#isHandingOver) return;
    this.#isHandingOver = true;
    queueMicrotask(this.#handOver);
  }

  readonly #handOver = (): void => {
    this.#isHandingOver = false;
    if (this.#worker === undefined) return;
    Atomics.store(this.#words, 0, this.#askedCount);
    Atomics.notify(this.#words, 0);
  };

  /** True from when the thread has started. */
  #isWorthIt(): boolean {
    if (this.#otherReads < CROWD || ++this.#crowdedReads < CROWDED_READS_MIN) return false;
    this.#begin();
    return true;
  }

  #begin(): void {
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.#words = new Int32Array(shared, 0, HEAD_BYTES / 4);
    this.#bytes = new Uint8Array(shared, HEAD_BYTES);
    this.#askedCount = 0;
    this.#doneCount = 0;
    // Not a module of its own: a worker cannot load that from TypeScript sources.
    const code = `(${readOn.toString()})(require("node:fs"), require("node:worker_threads"))`;
    const worker = new Worker(code, { eval: true, execArgv: [], workerData: { shared, layout: LAYOUT } });
    worker.unref();
    worker.on("message", (isLate: boolean) => {
      if (this.#worker !== worker) return;
      if (isLate) this.#refusedReads = REFUSED_READS;
      this.#settle(Atomics.load(this.#words, 1));
    });
    const lose = (): void => {
      if (this.#worker === worker) this.#lose();
    };
    worker.on("error", lose);
    worker.on("exit", lose);
    this.#worker = worker;
  }

  #settle(doneCount: number): void {
    while (this.#doneCount !== doneCount) {
      const place = this.#doneCount & (LAYOUT.placeCount - 1);
      const length = this.#lengths[place]!;
      const isWhole = this.#words[LAYOUT.headWords + place * LAYOUT.placeWords + 4] === length;
      const start = place * LAYOUT.pieceBytesMax;
      const onPiece = this.#waiting[place]!;
      this.#waiting[place] = undefined;
      // The place is free for a new read only afterwards.
      onPiece(isWhole ? this.#bytes.subarray(start, start + length) : undefined);
      this.#doneCount = (this.#doneCount + 1) | 0;
    }
    if (this.#askedCount === this.#doneCount) this.#worker?.unref();
  }

  /** What is still asked for is read by somebody else. */
  #lose(): void {
    this.#worker = undefined;
    this.#crowdedReads = 0;
    const lost = this.#waiting.filter((onPiece) => onPiece !== undefined);
    this.#waiting.length = 0;
    for (const onPiece of lost) onPiece(undefined);
  }
}

/** The other end. Its text is run in another thread: so it uses nothing but its arguments. */
function readOn(
  fs: Pick<typeof import("node:fs"), "readSync">,
  threads: Pick<typeof import("node:worker_threads"), "workerData" | "parentPort">,
): void {
  const { shared, layout }: { shared: SharedArrayBuffer; layout: typeof LAYOUT } = threads.workerData;
  const headBytes = 4 * (layout.headWords + layout.placeCount * layout.placeWords);
  const words = new Int32Array(shared, 0, headBytes / 4);
  const bytes = new Uint8Array(shared, headBytes);
  const readPlace = (place: number): number => {
    const word = layout.headWords + place * layout.placeWords;
    const offset = words[word + 3]! * 2 ** 31 + words[word + 2]!;
    try {
      return fs.readSync(words[word]!, bytes, place * layout.pieceBytesMax, words[word + 1]!, offset);
    } catch {
      return -1; // whoever asked reads again, and finds out why
    }
  };
  for (let at = 0; ; ) {
    Atomics.wait(words, 0, at);
    const end = Atomics.load(words, 0);
    const startMs = performance.now();
    let isLate = false;
    for (; at !== end; at = (at + 1) | 0) {
      const place = at & (layout.placeCount - 1);
      words[layout.headWords + place * layout.placeWords + 4] = isLate ? -1 : readPlace(place);
      isLate ||= performance.now() - startMs > layout.roundMsMax;
    }
    Atomics.store(words, 1, at);
    threads.parentPort!.postMessage(isLate);
  }
}
