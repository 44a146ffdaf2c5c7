/**
 * `kvorum inspect PATH`: says what a file of a data directory holds, or the whole directory, and verifies every
 * checksum. Writes nothing and takes no lock.
 *
 *   standard output   the report, for people or as JSON
 *   exit code         0 everything is sound, 1 something is damaged, of an unknown format, or cannot be read
 */
import { StoreError } from "../base/errors.ts";
import type { Disk } from "../runtime/runtime.ts";
import { checkPath } from "../storage/lsm/directory/directory-check.ts";
import type { FileCheck } from "../storage/lsm/directory/file-check.ts";
import { describeRow, type InspectedRow, rowLine } from "./inspected-row.ts";

export interface InspectOptions {
  readonly json: boolean;
  /** Lists every row, too. */
  readonly rows: boolean;
}

export interface InspectOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
}

/** Resolves to the exit code. */
export async function inspect(
  disk: Disk,
  path: string,
  { json, rows }: InspectOptions,
  output: InspectOutput,
): Promise<number> {
  const listed: InspectedRow[] = [];
  const list = (file: string, key: Uint8Array, cell: Uint8Array): void => {
    const row = describeRow(file, key, cell);
    if (json) listed.push(row);
    else output.writeOutput(rowLine(row));
  };
  const directory = path.length > 1 ? path.replace(/\/+$/, "") : path;
  try {
    const checks = await checkPath(disk, directory, rows ? list : undefined);
    const isSound = checks.every((check) => stateOf(check) === "sound");
    if (json)
      output.writeOutput(
        `${JSON.stringify({ isSound, files: checks, ...(rows ? { rows: listed } : {}) })}\n`,
      );
    else output.writeOutput(reportOf(checks));
    return isSound ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    output.writeError(`kvorum: ${cause.message}\n`);
    return 1;
  }
}

function reportOf(checks: readonly FileCheck[]): string {
  const head = ["file", "bytes", "state", "holds"];
  const lines = checks.map((check) => {
    const { path, sizeBytes, facts } = check;
    const holds = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
    return [path, String(sizeBytes), stateOf(check), holds.join(", ")];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length)));
  const table = [head, ...lines].map((line) =>
    line
      .map((text, column) => (column === 1 ? text.padStart(widths[1]!) : text.padEnd(widths[column]!)))
      .join("  "),
  );
  const damages = checks.flatMap((check) => check.damages);
  const unknown = checks.flatMap(({ unknownFormat }) => unknownFormat ?? []);
  const verdict = [...headed("Damage:", damages), ...headed("Not read:", unknown)];
  if (verdict.length === 0) verdict.push("Everything is sound.");
  return `${[...table.map((line) => line.trimEnd()), "", ...verdict].join("\n")}\n`;
}

function stateOf({ damages, unknownFormat }: FileCheck): string {
  if (damages.length > 0) return "DAMAGED";
  return unknownFormat === undefined ? "sound" : "UNKNOWN";
}

function headed(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [head, ...lines.map((text) => `  ${text}`)];
}
