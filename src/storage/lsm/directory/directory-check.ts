/**
 * Reads a whole data directory, and compares it with every checksum and with its manifest: for inspection and
 * scrubbing. Writes nothing and takes no lock; where a running node changes the directory meanwhile, it looks again.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { logName, logNumberOf } from "../log/log-name.ts";
import { loadCurrent, manifestName } from "../manifest/current-file.ts";
import { type RecoveredVersion, recoverVersion } from "../manifest/manifest-recovery.ts";
import { tableName, tableNumberOf } from "../manifest/table-entry.ts";
import { LEVEL_COUNT, type Version } from "../manifest/version.ts";
import {
  check,
  checkIdentity,
  checkLog,
  checkMarker,
  checkTableFile,
  type FileCheck,
  type FileKind,
  kindOf,
  type RowVisitor,
} from "./file-check.ts";
import { MARKER_NAME } from "./store-marker.ts";

const ATTEMPTS_MAX = 5;

/** What is wrong with `path`, a data directory or one file of it. Rejects with StoreError IO if it cannot be read. */
export async function checkPath(disk: Disk, path: string, onRow?: RowVisitor): Promise<readonly FileCheck[]> {
  const options = onRow === undefined ? {} : { onRow };
  const kind = kindOf(path);
  const directory = path.slice(0, Math.max(0, path.lastIndexOf("/"))) || ".";
  if (kind === "log") return [await checkLog(disk, path, options)];
  if (kind === "table") return [await checkTableFile(disk, path, options)];
  if (kind === "marker") return [await checkMarker(disk, path)];
  if (kind === "identity") return [await checkIdentity(disk, path)];
  if (kind === "manifest" || kind === "current") return [(await checkManifest(disk, directory)).check];
  return checkDirectory(disk, path, onRow);
}

/** Of every file that counts, in the order in which a start reads them. */
export async function checkDirectory(
  disk: Disk,
  directory: string,
  onRow?: RowVisitor,
): Promise<readonly FileCheck[]> {
  await requireDirectory(disk, directory);
  for (let attempt = 1; ; attempt++) {
    const number = await currentOf(disk, directory);
    const { check: manifest, version } = await checkManifest(disk, directory);
    const checks = [manifest, ...(await checkIdentities(disk, directory))];
    if (version === undefined) return [...checks, ...(await checkLoose(disk, directory, onRow))];
    const isRunning = attempt < ATTEMPTS_MAX;
    try {
      checks.push(...(await checkTables(disk, directory, version, onRow)));
      checks.push(...(await checkLogs(disk, directory, version, onRow)));
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.code === "CORRUPTION" || !isRunning) throw cause;
      continue; // a file went while it was looked for
    }
    const isSound = checks.every(({ damages }) => damages.length === 0);
    const isSame = number === (await currentOf(disk, directory)) && (await isAsIt(disk, directory, version));
    if (isSound || isSame || !isRunning) return checks;
  }
}

async function requireDirectory(disk: Disk, directory: string): Promise<void> {
  const names = await disk.list(directory).catch(() => []);
  if (names.some((name) => /^(CURRENT|IDENTITY|STORE|log|tables|MANIFEST-\d+)$/.test(name))) return;
  throw new StoreError("IO", "not-applied", `${directory} is neither a data directory nor a file of one`);
}

async function currentOf(disk: Disk, directory: string): Promise<number | undefined> {
  return loadCurrent(disk, directory).catch(() => undefined); // told by whoever checks it
}

async function isAsIt(disk: Disk, directory: string, version: Version): Promise<boolean> {
  const now = await recoverVersion(disk, directory).catch(() => undefined);
  const numbersOf = ({ tables, flushedLog }: Version): string =>
    [flushedLog, ...tables.map(({ number }) => number)].join();
  return now === undefined || numbersOf(now.version) === numbersOf(version);
}

async function checkManifest(
  disk: Disk,
  directory: string,
): Promise<{ check: FileCheck; version: Version | undefined }> {
  const number = await currentOf(disk, directory);
  const kind: FileKind = number === undefined ? "current" : "manifest";
  const path = `${directory}/${number === undefined ? "CURRENT" : manifestName(number)}`;
  let recovered: RecoveredVersion | undefined;
  const look = async (): Promise<Record<string, number>> => {
    recovered = await recoverVersion(disk, directory);
    const { version, cutBytes } = recovered;
    const levels = Array.from({ length: LEVEL_COUNT }, (_, level) => version.level(level).length);
    const shown = levels.map((count, level): [string, number] => [`level${level}`, count]);
    const figures = { tables: version.tables.length, flushedLog: version.flushedLog, cutBytes };
    return { ...figures, ...Object.fromEntries(shown.filter(([, count]) => count > 0)) };
  };
  if (!(await disk.exists(path))) {
    const damages: string[] = [];
    const facts = await look().catch((cause: unknown) => {
      if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
      damages.push(cause.message);
      return {};
    });
    return { check: { path, kind, sizeBytes: 0, facts, damages }, version: recovered?.version };
  }
  return { check: await check(disk, path, kind, look), version: recovered?.version };
}

async function checkIdentities(disk: Disk, directory: string): Promise<FileCheck[]> {
  const [identity, marker] = [`${directory}/IDENTITY`, `${directory}/${MARKER_NAME}`];
  const checks: FileCheck[] = [];
  if (await disk.exists(marker)) checks.push(await checkMarker(disk, marker));
  if (await disk.exists(identity)) checks.push(await checkIdentity(disk, identity));
  return checks;
}

async function checkTables(
  disk: Disk,
  directory: string,
  version: Version,
  onRow: RowVisitor | undefined,
): Promise<FileCheck[]> {
  const checks: FileCheck[] = [];
  for (const { number, checksum } of version.tables) {
    const path = `${directory}/tables/${tableName(number)}`;
    const options = onRow === undefined ? { checksum } : { checksum, onRow };
    if (await disk.exists(path)) checks.push(await checkTableFile(disk, path, options));
    else checks.push(missing(path, "table"));
  }
  return checks;
}

/** All from the first that is not in tables on: none may be missing. */
async function checkLogs(
  disk: Disk,
  directory: string,
  { flushedLog }: Version,
  onRow: RowVisitor | undefined,
): Promise<FileCheck[]> {
  const names = await disk.list(`${directory}/log`);
  const numbers = names.map(logNumberOf).filter((number) => number !== undefined && number > flushedLog);
  const newest = Math.max(flushedLog, ...(numbers as number[]));
  const checks: FileCheck[] = [];
  for (let number = flushedLog + 1; number <= newest; number++) {
    const path = `${directory}/log/${logName(number)}`;
    const options = { isNewest: number === newest, ...(onRow === undefined ? {} : { onRow }) };
    if (numbers.includes(number)) checks.push(await checkLog(disk, path, options));
    else checks.push(missing(path, "log"));
  }
  return checks;
}

/** Without a manifest, nobody can say which files count: all do. */
async function checkLoose(
  disk: Disk,
  directory: string,
  onRow: RowVisitor | undefined,
): Promise<FileCheck[]> {
  const options = onRow === undefined ? {} : { onRow };
  const checks: FileCheck[] = [];
  for (const name of await disk.list(`${directory}/tables`)) {
    if (tableNumberOf(name) === undefined) continue;
    checks.push(await checkTableFile(disk, `${directory}/tables/${name}`, options));
  }
  for (const name of await disk.list(`${directory}/log`)) {
    if (logNumberOf(name) !== undefined)
      checks.push(await checkLog(disk, `${directory}/log/${name}`, options));
  }
  return checks;
}

function missing(path: string, kind: FileKind): FileCheck {
  return { path, kind, sizeBytes: 0, facts: {}, damages: [`${path}: offset 0: the file is missing`] };
}
