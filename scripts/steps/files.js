/** Files of the checkout, by their paths from its root. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./child.js";

/** Those whose name ends in one of `endings`, sorted; none if there is no such folder. */
export function filesIn(folder, ...endings) {
  if (!existsSync(join(ROOT, folder))) return [];
  const names = readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, name));
  return names.filter((name) => endings.some((ending) => name.endsWith(ending))).sort();
}
