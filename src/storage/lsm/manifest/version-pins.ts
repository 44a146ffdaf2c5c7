/**
 * The newest version, and older ones for as long as somebody reads from them. Tells when a table is in none of them
 * any more, so that its file may go.
 */
import { assert } from "../../../base/assert.ts";
import type { TableEntry } from "./table-entry.ts";
import type { Version } from "./version.ts";

export interface VersionPin {
  readonly version: Version;
  /** Idempotent. */
  release(): void;
}

interface Held {
  readonly version: Version;
  pinCount: number;
}

export class VersionPins {
  readonly #onObsolete: (tables: readonly TableEntry[]) => void;
  #newest: Held;
  /** Per table number, how many of the versions held have it. */
  readonly #uses = new Map<number, number>();

  constructor(version: Version, onObsolete: (tables: readonly TableEntry[]) => void) {
    this.#onObsolete = onObsolete;
    this.#newest = this.#hold(version);
  }

  get version(): Version {
    return this.#newest.version;
  }

  /** `version` is the newest from now on. */
  install(version: Version): void {
    const before = this.#newest;
    this.#newest = this.#hold(version);
    if (before.pinCount === 0) this.#letGo(before);
  }

  /** Keeps the tables of the newest version. */
  pin(): VersionPin {
    const held = this.#newest;
    held.pinCount++;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      held.pinCount--;
      if (held.pinCount === 0 && held !== this.#newest) this.#letGo(held);
    };
    return { version: held.version, release };
  }

  #hold(version: Version): Held {
    for (const { number } of version.tables) this.#uses.set(number, (this.#uses.get(number) ?? 0) + 1);
    return { version, pinCount: 0 };
  }

  #letGo({ version }: Held): void {
    const obsolete: TableEntry[] = [];
    for (const table of version.tables) {
      const uses = this.#uses.get(table.number);
      assert(uses !== undefined, "a table was let go more often than held");
      if (uses > 1) this.#uses.set(table.number, uses - 1);
      else {
        this.#uses.delete(table.number);
        obsolete.push(table);
      }
    }
    if (obsolete.length > 0) this.#onObsolete(obsolete);
  }
}
