/** Files that come with the program, read whole: who installed them may not let this process write there. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ioError, systemCode } from "../io-error.ts";

/**
 * All files under `directory`, by their paths from there with "/". None if there is no such directory. Rejects with
 * StoreError IO.
 */
export async function readPackagedFiles(directory: URL): Promise<ReadonlyMap<string, Uint8Array>> {
  const root = fileURLToPath(directory);
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const files = await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const));
    const fromRoot = (path: string): string => path.slice(root.length).replaceAll("\\", "/");
    return new Map(files.map(([path, bytes]) => [fromRoot(path), bytes]));
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return new Map();
    throw ioError("not-applied", `cannot read ${root}`, cause);
  }
}
