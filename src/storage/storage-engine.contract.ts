/** What every StorageEngine must do. Run against each engine; `await` everywhere, for some touch the disk. */
import { testExpiry } from "./expiry.contract.ts";
import { testRows } from "./rows.contract.ts";
import { testScans } from "./scan.contract.ts";
import type { CreateEngine } from "./simple-engine.oracle.ts";
import { testSortedMap } from "./sorted-map.contract.ts";

export function testStorageEngine(name: string, create: CreateEngine): void {
  testRows(name, create);
  testExpiry(name, create);
  testScans(name, create);
  testSortedMap(name, create);
}
