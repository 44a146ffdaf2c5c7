/**
 * The keyspaces of a node alone. With its rows on disk they are in its data directory (DIR/keyspaces); with its rows in memory they
 * last as long as those.
 *
 * A node that becomes a member of a cluster leaves them there: the cluster's are in force then.
 */
import { StoreError } from "../base/errors.ts";
import { DocumentFile } from "../membership/document-file.ts";
import { decodeKeyspaces, encodeKeyspaces } from "../membership/keyspace-list.ts";
import { type KeyspaceWish, wishedKeyspace } from "../membership/keyspace-wish.ts";
import { Keyspaces } from "../membership/keyspaces.ts";
import { DEFAULT_KEYSPACE, type Keyspace } from "../membership/topology.ts";
import { compareText } from "../ring/ring-member.ts";
import type { Disk } from "../runtime/runtime.ts";
import type { KeyspaceBook } from "./keyspace-book.ts";

const FILE_NAME = "keyspaces";

const DEFAULT: Keyspace = {
  name: DEFAULT_KEYSPACE,
  copies: [{ datacenter: "dc1", count: 1 }],
  read: "quorum",
  write: "quorum",
  storage: "disk",
  ttlMs: 0,
  conflictRule: "siblings",
  mode: "ap",
};

export class OwnKeyspaces implements KeyspaceBook {
  /** Told of every change, once it is durable. */
  onChanged: ((keyspaces: Keyspaces) => void) | undefined = undefined;
  #keyspaces: Keyspaces;
  readonly #file: DocumentFile | undefined;
  /** Changes follow each other. */
  #changing: Promise<void> = Promise.resolve();

  /** Rejects with StoreError IO or CORRUPTION, which names the file. */
  static async open(disk: Disk, directory: string): Promise<OwnKeyspaces> {
    const file = new DocumentFile(disk, directory, FILE_NAME);
    const bytes = await file.load();
    return new OwnKeyspaces(bytes === undefined ? [DEFAULT] : decoded(bytes, file.path), file);
  }

  /** Without a file, nothing outlasts the node. */
  constructor(keyspaces: readonly Keyspace[] = [DEFAULT], file?: DocumentFile) {
    this.#keyspaces = new Keyspaces(keyspaces);
    this.#file = file;
  }

  get keyspaces(): Keyspaces {
    return this.#keyspaces;
  }

  /** True if any was ever declared or changed. */
  get areDeclared(): boolean {
    return this.#keyspaces.all.length > 1 || this.#keyspaces.default !== DEFAULT;
  }

  set(name: string, wish: KeyspaceWish): Promise<void> {
    return this.#change((all) => {
      const wished = wishedKeyspace({ keyspaces: all, members: [] }, name, wish);
      if (wished.kind === "refused") throw refused(wished.reason);
      const others = all.filter((keyspace) => keyspace.name !== name);
      return [...others, wished.keyspace].sort((a, b) => compareText(a.name, b.name));
    });
  }

  drop(name: string): Promise<void> {
    return this.#change((all) => {
      if (name === DEFAULT_KEYSPACE) throw refused("the default keyspace stays");
      const rest = all.filter((keyspace) => keyspace.name !== name);
      if (rest.length === all.length) throw refused(`there is no keyspace ${name}`);
      return rest;
    });
  }

  /** Writes them to another directory: to be a part of a copy of this one. */
  async copyTo(disk: Disk, directory: string): Promise<void> {
    if (this.areDeclared) {
      await new DocumentFile(disk, directory, FILE_NAME).save(encodeKeyspaces(this.#keyspaces.all));
    }
  }

  /** In force once it is durable. */
  #change(change: (all: readonly Keyspace[]) => readonly Keyspace[]): Promise<void> {
    const changed = this.#changing.then(async () => {
      const all = change(this.#keyspaces.all);
      await this.#file?.save(encodeKeyspaces(all));
      this.#keyspaces = new Keyspaces(all);
      this.onChanged?.(this.#keyspaces);
    });
    this.#changing = changed.catch(() => undefined); // told to whoever asked for it
    return changed;
  }
}

function decoded(bytes: Uint8Array, path: string): readonly Keyspace[] {
  try {
    return decodeKeyspaces(bytes);
  } catch (cause) {
    const text = `${path} is damaged; without it all keys belong to the default keyspace`;
    throw new StoreError("CORRUPTION", "not-applied", text, { cause });
  }
}

function refused(reason: string): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", reason);
}
