/** What every Disk must do, but for what a crash leaves. Run against the real one and the simulated one. */
import { expect, test } from "vitest";
import { systemCode } from "./io-error.ts";
import type { Disk, DiskFile } from "./runtime.ts";

/** Runs `body` to its end in a world where `disk` has an empty directory `directory`. */
export type InDisk = (body: (disk: Disk, directory: string) => Promise<void>) => Promise<void>;

type Check = (what: string, body: (disk: Disk, directory: string) => Promise<void>) => void;

export function testDisk(name: string, inDisk: InDisk): void {
  const check: Check = (what, body) => {
    test(`${name}: ${what}`, () => inDisk(body));
  };
  testBytes(check);
  testZerosAhead(check);
  testOpening(check);
  testNames(check);
  testDirectories(check);
  testLocks(check);
  testFileIds(check);
}

async function fileWith(disk: Disk, path: string, ...bytes: number[]): Promise<DiskFile> {
  const file = await disk.open(path);
  await file.append(Uint8Array.from(bytes));
  return file;
}

async function contentOf(disk: Disk, path: string): Promise<number[]> {
  const file = await disk.open(path, { create: false });
  const bytes = await file.read(0, await file.sizeBytes());
  await file.close();
  return [...bytes];
}

async function failureOf(promise: Promise<unknown>): Promise<{ code: string | undefined; error: unknown }> {
  try {
    await promise;
  } catch (error) {
    return { code: systemCode(error), error };
  }
  throw new Error("it should have failed");
}

function testBytes(check: Check): void {
  check("an append can be read back before it is synced", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    expect(await file.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    await file.sync();
    expect(await file.read(1, 1)).toEqual(Uint8Array.of(2));
    await file.close();
  });

  check("a read past the end is shorter, or empty", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    expect(await file.read(1, 10)).toEqual(Uint8Array.of(2, 3));
    expect(await file.read(3, 10)).toEqual(new Uint8Array(0));
    expect(await file.read(99, 1)).toEqual(new Uint8Array(0));
    await file.close();
  });

  check("bytes can be appended at once, after those that were appended before", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    file.appendSync(Uint8Array.of(4, 5));
    expect(file.readSync(0, 10)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    await file.append(Uint8Array.of(6));
    file.appendSync(Uint8Array.of(7));
    await file.sync();
    await file.close();
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(() => file.appendSync(Uint8Array.of(8))).toThrow(expect.objectContaining({ code: "IO" }));
  });

  check("bytes can be made durable at once", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    file.appendSync(Uint8Array.of(4));
    file.syncSync();
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 2, 3, 4]);
    await file.close();
    expect(() => file.syncSync()).toThrow(expect.objectContaining({ code: "IO", outcome: "unknown" }));
  });

  check("a read can be had at once", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    expect(file.readSync(1, 1)).toEqual(Uint8Array.of(2));
    expect(file.readSync(1, 10)).toEqual(Uint8Array.of(2, 3));
    expect(file.readSync(99, 1)).toEqual(new Uint8Array(0));
    const target = Uint8Array.of(7, 7, 7, 7);
    expect(file.readSync(1, 4, target)).toEqual(Uint8Array.of(2, 3));
    expect(target).toEqual(Uint8Array.of(2, 3, 7, 7));
    file.readSync(0, 3).fill(9);
    expect(file.readSync(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    await file.close();
    expect(() => file.readSync(0, 3)).toThrow(
      expect.objectContaining({ code: "IO", outcome: "not-applied" }),
    );
  });

  check("what is read quickly, if anything, is what there is", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    expect([undefined, Uint8Array.of(2, 3)]).toContainEqual(file.readQuickly(1, 10));
    const read = file.readQuickly(0, 2, new Uint8Array(5));
    expect([undefined, Uint8Array.of(1, 2)]).toContainEqual(read);
    await file.close();
    expect(file.readQuickly(0, 3)).toBeUndefined();
  });

  check("what is read can be borrowed", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    const borrow = (offset: number, length: number): Promise<number[]> =>
      new Promise((resolve, reject) => {
        let isLater = false;
        file.borrow(offset, length, (bytes, cause) => {
          expect(isLater).toBe(true);
          if (bytes === undefined) reject(cause);
          else resolve([...bytes]);
        });
        isLater = true;
      });
    expect(await borrow(1, 1)).toEqual([2]);
    expect(await borrow(1, 10)).toEqual([2, 3]);
    expect(await borrow(99, 1)).toEqual([]);
    await file.close();
    await expect(borrow(0, 3)).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
  });

  check("what is read is the reader's own", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3);
    (await file.read(0, 3)).fill(9);
    expect(await file.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    await file.close();
  });

  check("calls apply in the order they were made, awaited or not", async (disk, directory) => {
    const file = await disk.open(`${directory}/log`);
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 100; i++) calls.push(file.append(new Uint8Array(1 + (i % 5)).fill(i)));
    calls.push(file.truncate(200), file.append(Uint8Array.of(255)), file.sync());
    await Promise.all(calls);
    const expected = Array.from({ length: 100 }, (_, i) => Array<number>(1 + (i % 5)).fill(i)).flat();
    expect([...(await file.read(0, 1_000))]).toEqual([...expected.slice(0, 200), 255]);
    await file.close();
  });

  check("changes of a file are over in the order they were asked for", async (disk, directory) => {
    const file = await disk.open(`${directory}/log`);
    const over: number[] = [];
    const changes = Array.from({ length: 30 }, async (_, i) => {
      await (i % 3 === 2 ? file.sync() : file.append(new Uint8Array(10_000 - i * 300)));
      over.push(i);
    });
    await Promise.all(changes);
    expect(over).toEqual(Array.from({ length: 30 }, (_, i) => i));
    await file.close();
  });

  check("the size follows appends and truncations", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2, 3, 4);
    expect(await file.sizeBytes()).toBe(4);
    await file.truncate(1);
    expect(await file.sizeBytes()).toBe(1);
    await file.append(Uint8Array.of(9));
    expect(await file.read(0, 10)).toEqual(Uint8Array.of(1, 9));
    await file.close();
  });

  check("an empty append and an empty read are fine", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`);
    expect(await file.sizeBytes()).toBe(0);
    expect(await file.read(0, 0)).toEqual(new Uint8Array(0));
    await file.close();
  });

  check("a megabyte comes back whole", async (disk, directory) => {
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7) % 251);
    const file = await disk.open(`${directory}/log`);
    await file.append(bytes);
    expect(Buffer.compare(await file.read(0, bytes.length), bytes)).toBe(0);
    await file.close();
  });
}

function testZerosAhead(check: Check): void {
  const zerosAhead = { zerosAheadBytes: 16 };

  check("zeros ahead are behind what was appended, up to whole steps", async (disk, directory) => {
    const file = await disk.open(`${directory}/log`, zerosAhead);
    for (const [length, size] of [
      [5, 16],
      [11, 16],
      [1, 32],
      [40, 64],
    ] as const) {
      const before = await file.sizeBytes();
      if (length % 2 === 0) await file.append(new Uint8Array(length).fill(length));
      else file.appendSync(new Uint8Array(length).fill(length));
      expect(await file.sizeBytes()).toBe(before + length);
      expect((await contentOf(disk, `${directory}/log`)).length).toBe(size);
    }
    await file.sync();
    file.syncSync();
    const appended = [5, 11, 1, 40].flatMap((length) => Array<number>(length).fill(length));
    expect(await contentOf(disk, `${directory}/log`)).toEqual([...appended, ...Array<number>(7).fill(0)]);
    await file.close();
    expect(await contentOf(disk, `${directory}/log`)).toEqual(appended);
  });

  check("zeros ahead go where the file is cut, and come again", async (disk, directory) => {
    await (await fileWith(disk, `${directory}/log`, 1, 2, 3)).close();
    const file = await disk.open(`${directory}/log`, zerosAhead);
    expect(await file.sizeBytes()).toBe(3);
    await file.append(Uint8Array.of(4, 5));
    await file.truncate(4);
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 2, 3, 4]);
    await file.append(Uint8Array.of(6));
    expect(await file.sizeBytes()).toBe(5);
    const zeros = Array<number>(11).fill(0);
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 2, 3, 4, 6, ...zeros]);
    await file.close();
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 2, 3, 4, 6]);
  });

  check("zeros that nobody has cut off are bytes as others", async (disk, directory) => {
    await (await fileWith(disk, `${directory}/log`, 1, 0, 0)).close();
    const file = await disk.open(`${directory}/log`, zerosAhead);
    await file.append(Uint8Array.of(2));
    await file.close();
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 0, 0, 2]);
  });
}

function testOpening(check: Check): void {
  check("opening again finds the bytes and appends behind them", async (disk, directory) => {
    await (await fileWith(disk, `${directory}/log`, 1, 2)).close();
    await (await fileWith(disk, `${directory}/log`, 3)).close();
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1, 2, 3]);
  });

  check("opening without create fails if absent, and makes nothing", async (disk, directory) => {
    const { code, error } = await failureOf(disk.open(`${directory}/none`, { create: false }));
    expect(code).toBe("ENOENT");
    expect(error).toMatchObject({ name: "StoreError", code: "IO", outcome: "not-applied" });
    expect(await disk.exists(`${directory}/none`)).toBe(false);
  });

  check("opening where there is no directory fails", async (disk, directory) => {
    expect((await failureOf(disk.open(`${directory}/none/log`))).code).toBe("ENOENT");
  });

  check("two openings see the same bytes", async (disk, directory) => {
    const writer = await fileWith(disk, `${directory}/log`, 1);
    const reader = await disk.open(`${directory}/log`);
    await writer.append(Uint8Array.of(2));
    expect(await reader.read(0, 10)).toEqual(Uint8Array.of(1, 2));
    await writer.close();
    await reader.close();
  });

  check("a closed file refuses", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1);
    await file.close();
    expect((await failureOf(file.append(Uint8Array.of(2)))).error).toMatchObject({ code: "IO" });
    expect((await failureOf(file.read(0, 1))).error).toMatchObject({ code: "IO" });
    expect(await contentOf(disk, `${directory}/log`)).toEqual([1]);
  });
}

function testNames(check: Check): void {
  check("rename replaces, and open files follow", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/new`, 1);
    await (await fileWith(disk, `${directory}/old`, 9, 9)).close();
    await disk.rename(`${directory}/new`, `${directory}/old`);
    await file.append(Uint8Array.of(2));
    expect(await contentOf(disk, `${directory}/old`)).toEqual([1, 2]);
    expect(await disk.list(directory)).toEqual(["old"]);
    await file.close();
  });

  check("renaming what is not there fails and harms nothing", async (disk, directory) => {
    await (await fileWith(disk, `${directory}/old`, 9)).close();
    const { code } = await failureOf(disk.rename(`${directory}/none`, `${directory}/old`));
    expect(code).toBe("ENOENT");
    expect(await contentOf(disk, `${directory}/old`)).toEqual([9]);
  });

  check("a link is a second name for the same bytes", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/a`, 1);
    await disk.link(`${directory}/a`, `${directory}/b`);
    await file.append(Uint8Array.of(2));
    expect(await contentOf(disk, `${directory}/b`)).toEqual([1, 2]);
    await disk.remove(`${directory}/a`);
    expect(await contentOf(disk, `${directory}/b`)).toEqual([1, 2]);
    await file.close();
  });

  check("a link replaces nothing", async (disk, directory) => {
    await (await fileWith(disk, `${directory}/a`, 1)).close();
    await (await fileWith(disk, `${directory}/b`, 2)).close();
    expect((await failureOf(disk.link(`${directory}/a`, `${directory}/b`))).code).toBe("EEXIST");
    expect((await failureOf(disk.link(`${directory}/none`, `${directory}/c`))).code).toBe("ENOENT");
    expect(await contentOf(disk, `${directory}/b`)).toEqual([2]);
  });

  check("a removed file is gone; open ones live on; removing nothing is fine", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/log`, 1, 2);
    await disk.remove(`${directory}/log`);
    await disk.remove(`${directory}/log`);
    expect(await disk.exists(`${directory}/log`)).toBe(false);
    expect(await disk.list(directory)).toEqual([]);
    expect(await file.read(0, 2)).toEqual(Uint8Array.of(1, 2));
    await file.close();
  });
}

function testDirectories(check: Check): void {
  check("list names files and directories, sorted by code unit", async (disk, directory) => {
    for (const name of ["b", "a10", "a9", "B"]) await (await fileWith(disk, `${directory}/${name}`)).close();
    await disk.makeDirectory(`${directory}/sub`);
    await (await fileWith(disk, `${directory}/sub/inner`)).close();
    expect(await disk.list(directory)).toEqual(["B", "a10", "a9", "b", "sub"]);
    expect(await disk.list(`${directory}/sub`)).toEqual(["inner"]);
    expect(await disk.list(`${directory}/none`)).toEqual([]);
  });

  check("makeDirectory makes parents and is fine with what is there", async (disk, directory) => {
    await disk.makeDirectory(`${directory}/x/y/z`);
    await disk.makeDirectory(`${directory}/x/y/z`);
    expect(await disk.exists(`${directory}/x/y`)).toBe(true);
    await (await fileWith(disk, `${directory}/x/y/z/log`, 1)).close();
    expect(await contentOf(disk, `${directory}/x/y/z/log`)).toEqual([1]);
  });

  check("an empty directory can be removed, a full one not", async (disk, directory) => {
    await disk.makeDirectory(`${directory}/x`);
    await (await fileWith(disk, `${directory}/x/log`)).close();
    expect((await failureOf(disk.remove(`${directory}/x`))).code).toBe("ENOTEMPTY");
    await disk.remove(`${directory}/x/log`);
    await disk.remove(`${directory}/x`);
    expect(await disk.exists(`${directory}/x`)).toBe(false);
  });

  check("a directory can be synced, one that is not there not", async (disk, directory) => {
    await (await fileWith(disk, `${directory}/log`, 1)).close();
    await disk.syncDirectory(directory);
    expect((await failureOf(disk.syncDirectory(`${directory}/none`))).code).toBe("ENOENT");
  });
}

function testLocks(check: Check): void {
  check("a lock has one holder at a time, who gives it back", async (disk, directory) => {
    const path = `${directory}/LOCK`;
    const lock = await disk.lock(path);
    for (let attempt = 0; attempt < 2; attempt++) {
      const { code, error } = await failureOf(disk.lock(path));
      expect(code).toBe("EAGAIN");
      expect(error).toMatchObject({ code: "IO", outcome: "not-applied" });
    }
    const other = await disk.lock(`${directory}/OTHER`);
    await lock.release();
    const next = await disk.lock(path);
    await lock.release(); // it is another's by now
    expect((await failureOf(disk.lock(path))).code).toBe("EAGAIN");
    await next.release();
    await other.release();
  });

  check("a lock in a directory that is not there cannot be taken", async (disk, directory) => {
    expect((await failureOf(disk.lock(`${directory}/nowhere/LOCK`))).code).toBe("ENOENT");
  });
}

function testFileIds(check: Check): void {
  check("a file keeps its id through changes, renames and links", async (disk, directory) => {
    const file = await fileWith(disk, `${directory}/a`, 1, 2);
    const id = await disk.fileId(`${directory}/a`);
    await file.append(Uint8Array.of(3));
    await file.truncate(1);
    await disk.rename(`${directory}/a`, `${directory}/b`);
    await disk.link(`${directory}/b`, `${directory}/c`);
    expect(await disk.fileId(`${directory}/b`)).toBe(id);
    expect(await disk.fileId(`${directory}/c`)).toBe(id);
    await file.close();
  });

  check("two files have two ids; a file that is not there has none", async (disk, directory) => {
    for (const name of ["a", "b"]) await (await fileWith(disk, `${directory}/${name}`, 1)).close();
    expect(await disk.fileId(`${directory}/a`)).not.toBe(await disk.fileId(`${directory}/b`));
    expect((await failureOf(disk.fileId(`${directory}/c`))).code).toBe("ENOENT");
    expect(await disk.exists(`${directory}/c`)).toBe(false);
  });

  check("a directory has an id, however its path is written", async (disk, directory) => {
    for (const name of ["a", "b"]) await disk.makeDirectory(`${directory}/${name}`);
    const id = await disk.fileId(`${directory}/a`);
    expect(await disk.fileId(`${directory}/b/../a/`)).toBe(id);
    expect(await disk.fileId(`${directory}/b`)).not.toBe(id);
  });
}
