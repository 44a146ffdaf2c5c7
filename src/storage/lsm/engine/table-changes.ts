/**
 * Brings about new versions, one at a time: what is decided in a turn still holds when it is written down.
 *
 * An epoch ends when everything is cleared: what was begun before changes nothing that readers see
 * afterwards.
 */
import type { Manifest } from "../manifest/manifest.ts";
import type { Version, VersionEdit } from "../manifest/version.ts";
import type { OpenTables } from "./open-tables.ts";
import type { OnFailure, Retry } from "./retry.ts";

export class TableChanges {
  readonly #manifest: Manifest;
  readonly #tables: OpenTables;
  readonly #retry: Retry;
  readonly #onFailure: OnFailure;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #epoch = 0;

  /** `onFailure`: see Retry. */
  constructor(manifest: Manifest, tables: OpenTables, retry: Retry, onFailure: OnFailure) {
    this.#manifest = manifest;
    this.#tables = tables;
    this.#retry = retry;
    this.#onFailure = onFailure;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Readers see only the tables of later changes. */
  beginEpoch(emptyVersion: Version): void {
    this.#epoch++;
    this.#tables.install(emptyVersion);
  }

  /**
   * Resolves to true when the change that `decide` asks for is durable and seen; to false if it asks for
   * none, or an epoch ended meanwhile: then it is durable all the same. `onInstalled` is called as soon as it
   * is seen.
   */
  make(decide: (durable: Version) => VersionEdit | undefined, onInstalled: () => void): Promise<boolean> {
    const turn = this.#lastTurn.then(() => this.#make(decide, onInstalled));
    this.#lastTurn = turn.catch(() => undefined); // told to whoever asked for it
    return turn;
  }

  async #make(
    decide: (durable: Version) => VersionEdit | undefined,
    onInstalled: () => void,
  ): Promise<boolean> {
    const edit = decide(this.#manifest.version);
    if (edit === undefined) return false;
    const epoch = this.#epoch;
    let isSeen = false;
    const onDurable = (version: Version): void => {
      if (epoch !== this.#epoch) return;
      this.#tables.install(version);
      isSeen = true;
      onInstalled();
    };
    const commit = (): Promise<Version> => this.#manifest.commit(edit, onDurable);
    await this.#retry.run("a change of the manifest", commit, this.#onFailure);
    return isSeen;
  }
}
