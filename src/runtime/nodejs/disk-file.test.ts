import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NodejsDiskFile } from "./disk-file.ts";
import type { OnPiece } from "./read-thread.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-disk-file-"));
  path = join(directory, "log");
});

afterEach(() => rmSync(directory, { recursive: true }));

const FULL = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

/** Writes no more than `bytesPerWrite` at once, and fails from the `failAt`-th write on. */
async function openStubborn({ bytesPerWrite, failAt }: { bytesPerWrite: number; failAt: number }) {
  const file = await open(path, "a+");
  const write = file.write.bind(file);
  let writes = 0;
  const stubborn = async (bytes: Uint8Array, offset: number, length: number) => {
    if (++writes >= failAt) throw FULL;
    return write(bytes, offset, Math.min(length, bytesPerWrite));
  };
  return Object.assign(file, { write: stubborn as unknown as FileHandle["write"] });
}

test("an append goes on after the system took only a part", async () => {
  const file = new NodejsDiskFile(path, await openStubborn({ bytesPerWrite: 2, failAt: Infinity }));
  await file.append(Uint8Array.of(1, 2, 3, 4, 5));
  await file.close();
  expect([...readFileSync(path)]).toEqual([1, 2, 3, 4, 5]);
});

test("an append that fails half-way takes its part back, and the next ones go on", async () => {
  const opened = await openStubborn({ bytesPerWrite: 2, failAt: 4 });
  const file = new NodejsDiskFile(path, opened);
  await file.append(Uint8Array.of(1, 2));
  const failing = file.append(Uint8Array.of(3, 4, 5, 6, 7, 8));
  const next = file.append(Uint8Array.of(9));
  await expect(failing).rejects.toMatchObject({ code: "IO", outcome: "not-applied", cause: FULL });
  await expect(next).rejects.toMatchObject({ outcome: "not-applied" });
  await file.close();
  expect([...readFileSync(path)]).toEqual([1, 2]);
});

test("an append whose part cannot be taken back says that its outcome is unknown", async () => {
  const opened = await openStubborn({ bytesPerWrite: 2, failAt: 2 });
  opened.truncate = () => Promise.reject(new Error("EIO"));
  const file = new NodejsDiskFile(path, opened);
  await expect(file.append(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
    outcome: "unknown",
    cause: FULL,
  });
  await file.close();
  expect([...readFileSync(path)]).toEqual([1, 2]);
});

test("a failed sync leaves the outcome unknown", async () => {
  const opened = await open(path, "a+");
  opened.datasync = () => Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
  const file = new NodejsDiskFile(path, opened);
  await expect(file.sync()).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
  await file.close();
});

test("a file stays open while another thread reads it; what that cannot read is read before the close, too", async () => {
  const asked: OnPiece[] = [];
  const thread = { retain: () => undefined, release: () => Promise.resolve(), onOtherRead: () => undefined };
  const read = (_fd: number, _offset: number, _length: number, onPiece: OnPiece) => asked.push(onPiece) > 0;
  const opened = await open(path, "a+");
  const file = new NodejsDiskFile(path, opened, { ...thread, read });
  file.appendSync(Uint8Array.of(1, 2, 3));
  const ended: string[] = [];
  file.borrow(0, 2, (bytes) => void ended.push(`piece ${bytes}`));
  const borrowed = new Promise((resolve) => file.borrow(1, 2, (bytes) => resolve([...(bytes ?? [])])));
  const closed = file.close().then(() => ended.push("closed"));
  await Promise.race([closed, opened.stat()]);
  expect(opened.fd).toBeGreaterThan(0);
  asked[0]!(Uint8Array.of(1, 2));
  asked[1]!(undefined);
  expect(await borrowed).toEqual([2, 3]);
  await closed;
  expect(ended).toEqual(["piece 1,2", "closed"]);
});
