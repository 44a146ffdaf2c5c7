import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNodejsDisk } from "./disk.ts";
import { ReadThread } from "./read-thread.ts";

const FILE_BYTES = 100_000;
const content = Uint8Array.from({ length: FILE_BYTES }, (_, i) => (i * 2654435761) >>> 24);

let directory: string;
let path: string;
let fd: number;
let thread: ReadThread;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-read-thread-"));
  path = join(directory, "file");
  writeFileSync(path, content);
  fd = openSync(path, "r");
  thread = new ReadThread();
  thread.retain();
});

afterEach(async () => {
  await thread.release();
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

/** As after many reads at once: how many it refused. */
function crowd(): number {
  for (let i = 0; i < 4; i++) thread.onOtherRead(1);
  let refused = 0;
  while (!thread.read(fd, 0, 1, () => undefined)) refused++;
  for (let i = 0; i < 4; i++) thread.onOtherRead(-1);
  return refused;
}

/** The bytes, copied; undefined if they were not read there. */
function piece(offset: number, length: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    if (!thread.read(fd, offset, length, (bytes) => resolve(bytes?.slice()))) resolve(undefined);
  });
}

test("single reads are not for the thread, which starts when many at once were seen", () => {
  for (let i = 0; i < 1000; i++) expect(thread.read(fd, 0, 10, () => undefined)).toBe(false);
  expect(crowd()).toBe(255);
});

test("each read gets its bytes, more of them than there are places", async () => {
  crowd();
  let readCount = 0;
  for (let round = 0; round < 20; round++) {
    const starts = Array.from({ length: 300 }, (_, i) => ((round * 300 + i) * 7919) % (FILE_BYTES - 3000));
    const pieces = await Promise.all(starts.map((start, i) => piece(start, 1 + ((i * 37) % 3000))));
    for (const [i, bytes] of pieces.entries()) {
      if (bytes === undefined) continue;
      readCount++;
      expect(Buffer.compare(bytes, content.subarray(starts[i]!, starts[i]! + 1 + ((i * 37) % 3000)))).toBe(0);
    }
  }
  expect(readCount).toBeGreaterThan(0);
});

test("what cannot be read as a whole, or is long, is left to others", async () => {
  crowd();
  expect(await piece(FILE_BYTES - 5, 10)).toBeUndefined();
  expect(await piece(0, 16 * 1024 + 1)).toBeUndefined();
});

test("when the last file is closed the thread ends, and whoever waits is told to read otherwise", async () => {
  crowd();
  const waiting = piece(0, 10);
  await thread.release();
  await waiting;
  expect(thread.read(fd, 0, 10, () => undefined)).toBe(false);
  thread.retain();
});

test("a file that lends its bytes does so by the thread, too, and closes only when nobody reads", async () => {
  const file = await createNodejsDisk().open(path, { create: false });
  let wrongCount = 0;
  let overCount = 0;
  const borrow = (offset: number): Promise<void> =>
    new Promise((resolve, reject) => {
      file.borrow(offset, 100, (bytes, cause) => {
        overCount++;
        if (bytes === undefined) reject(cause);
        else if (Buffer.compare(bytes, content.subarray(offset, offset + 100)) !== 0) wrongCount++;
        resolve();
      });
    });
  for (let round = 0; round < 40; round++) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => borrow((round * 50 + i) * 13)));
  }
  const last = Promise.all([borrow(1), borrow(2), borrow(3)]);
  await file.close();
  expect([overCount, wrongCount]).toEqual([2003, 0]);
  await last;
});
