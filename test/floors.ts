/**
 * The floors of docs/ARCHITECTURE.md as a table: what each folder of src/ may import besides itself.
 * Imports run downward only; folders of one floor never meet. tidy.test.ts holds the sources to it.
 */
import type { SourceFile } from "./source-file.ts";

/** Top floor first. */
const FLOORS: readonly (readonly string[])[] = [
  ["cli", "dashboard", "sim"],
  ["server"],
  ["node", "embedded"],
  ["replication", "anti-entropy", "paxos"],
  ["storage", "membership", "peer", "client"],
  ["runtime", "causality", "ring", "resp"],
  ["base"],
];

/** Files of src/ itself, by the folder whose rights they have: they are doors of the package. */
const DOORS: Readonly<Record<string, string>> = {
  "kvorum.ts": "server",
};

/** Folders that may import less than their floor allows. */
const CONFINED: Readonly<Record<string, readonly string[]>> = {
  // It runs in other people's programs: no node may come along.
  client: ["base", "runtime", "resp", "causality", "ring"],
  // It carries bytes, and knows nothing of what they mean.
  peer: ["base", "runtime"],
};

/** What `file`, production code of src/, imports and may not, with the remedy. */
export function upwardImports(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path);
  const importable = importableFrom(folder);
  if (importable === undefined) return [`${file.path} stands on no floor: name its folder in test/floors.ts`];
  return file.imports
    .filter((target) => folderOf(target) !== folder && !importable.includes(folderOf(target)))
    .map(
      (target) =>
        `${file.path} may not import ${target}: let it be passed in, as an interface of ${folder}'s own`,
    );
}

/** "src/ring/slot.ts" is in "ring"; "src/kvorum.ts" is in the folder whose rights it has. */
function folderOf(path: string): string {
  const [, folder, ...rest] = path.split("/");
  return rest.length === 0 ? (DOORS[folder!] ?? folder!) : folder!;
}

/** Undefined if the table does not know the folder. */
function importableFrom(folder: string): readonly string[] | undefined {
  const floor = FLOORS.findIndex((folders) => folders.includes(folder));
  if (floor === -1) return undefined;
  return CONFINED[folder] ?? FLOORS.slice(floor + 1).flat();
}
