/** Damage in a file: told with the place, so that what it covers can be fetched from replicas. */
import { StoreError } from "../../../base/errors.ts";

/** "tables/000012.sst: offset 4096: the block's checksum does not match". */
export function corruption(path: string, offset: number, what: string): StoreError {
  return new StoreError("CORRUPTION", "not-applied", `${path}: offset ${offset}: ${what}`);
}
