/** A step that was done leaves a stamp of what it was done from, so that it need not be done again. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./child.js";

/** `stamp` and `inputs` are paths from the root of the checkout. */
export function isDone(stamp, inputs) {
  const path = join(ROOT, stamp);
  return existsSync(path) && readFileSync(path, "utf8") === fingerprint(inputs);
}

export function noteDone(stamp, inputs) {
  const path = join(ROOT, stamp);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, fingerprint(inputs));
}

/** Changes when a file comes, goes or is written. */
function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { mtimeMs, size } = statSync(join(ROOT, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}
