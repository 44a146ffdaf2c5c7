/**
 * Which keyspaces a node on disk keeps in memory, in its data directory: a document (membership/checked-document.ts)
 * DIR/annexes, named "KVAX", version 1,
 *
 *   names     of those that may have rows in memory, sorted
 *   settled   of those of whose rows none is on disk, sorted
 *
 * Invariant: it is durable before a row gets to where it says that there is none. So whoever finds it after a crash knows
 * which rows are gone, and in which keyspaces there may be rows on disk that shall be in memory.
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { decodeDocument, encodeDocument } from "../membership/checked-document.ts";
import { DocumentFile } from "../membership/document-file.ts";
import type { Disk } from "../runtime/runtime.ts";

const FILE_NAME = "annexes";
const MAGIC = "KVAX";
const VERSION = 1;

export interface AnnexNames {
  readonly names: readonly string[];
  readonly settled: readonly string[];
}

export const NO_ANNEXES: AnnexNames = { names: [], settled: [] };

export class AnnexFile {
  /** As it was when the node started. */
  readonly known: AnnexNames;
  /** True if rows of an earlier life were in memory, and are gone. */
  readonly hasLostRows: boolean;
  readonly #file: DocumentFile;

  /** What is damaged is as if all had been in memory that may be. Rejects with StoreError IO. */
  static async open(disk: Disk, directory: string, logger: Logger): Promise<AnnexFile> {
    const file = new DocumentFile(disk, directory, FILE_NAME);
    const bytes = await file.load();
    if (bytes === undefined) return new AnnexFile(file, NO_ANNEXES, false);
    try {
      const known = decode(bytes);
      return new AnnexFile(file, known, known.names.length > 0);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      logger.warn(
        { cause, file: file.path },
        "the list of keyspaces in memory was damaged, and is made anew",
      );
      return new AnnexFile(file, NO_ANNEXES, true);
    }
  }

  private constructor(file: DocumentFile, known: AnnexNames, hasLostRows: boolean) {
    this.#file = file;
    this.known = known;
    this.hasLostRows = hasLostRows;
  }

  /** Resolves when durable. Rejects with StoreError IO. */
  save(names: AnnexNames): Promise<void> {
    return this.#file.save(encode(names));
  }
}

function encode({ names, settled }: AnnexNames): Uint8Array {
  return encodeDocument(MAGIC, VERSION, { names, settled });
}

function decode(bytes: Uint8Array): AnnexNames {
  return decodeDocument(
    bytes,
    { magic: MAGIC, version: VERSION },
    (fields) => ({ names: fields.texts("names"), settled: fields.texts("settled") }),
    encode,
  );
}
