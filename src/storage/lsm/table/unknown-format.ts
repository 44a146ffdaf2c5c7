/**
 * A whole file of a format that this program does not know. Not corruption: another program wrote it so, and nothing may
 * be taken away from that one.
 */
import { StoreError } from "../../../base/errors.ts";

export class UnknownFormat extends StoreError {
  /** "tables/000012.sst: format 2 was made by a newer version of Kvorum; this one reads format 1". */
  constructor(path: string, version: number, knownVersion: number) {
    const origin = version > knownVersion ? "was made by a newer version of Kvorum" : "is not known";
    super("IO", "not-applied", `${path}: format ${version} ${origin}; this one reads format ${knownVersion}`);
  }
}
