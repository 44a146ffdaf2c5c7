/**
 * The bytes of one file, and how to undo what is not yet synced.
 *
 *   durable | append 1 | truncate | append 2      a crash keeps what is durable and a random number of the
 *             `-------- unsynced --------'        unsynced changes, in order; of the next append or overwrite a prefix
 *
 * Invariant: undoing all unsynced changes, last first, gives the durable bytes.
 */
import type { SimRandom } from "./sim-random.ts";

type Change = { readonly sequence: number /** Bytes before it stay as they are. */; readonly at: number } & (
  | { readonly kind: "append"; readonly length: number }
  | { readonly kind: "overwrite"; readonly before: Uint8Array }
  | { readonly kind: "truncate"; readonly cut: Uint8Array }
);

const SECTOR_BYTES = 512;

export class SimFile {
  #bytes = new Uint8Array(64);
  #length = 0;
  #unsynced: Change[] = [];
  #sequence = 0;

  get length(): number {
    return this.#length;
  }

  /** Number of the latest change, for `syncUpTo`. */
  get sequence(): number {
    return this.#sequence;
  }

  append(bytes: Uint8Array): void {
    const at = this.#length;
    this.#reserve(at + bytes.length);
    this.#bytes.set(bytes, at);
    this.#length += bytes.length;
    this.#unsynced.push({ sequence: ++this.#sequence, kind: "append", at, length: bytes.length });
  }

  /** In the place of what is there, and beyond. */
  writeAt(at: number, bytes: Uint8Array): void {
    const overlap = Math.min(bytes.length, this.#length - at);
    if (overlap > 0) {
      const before = this.#bytes.slice(at, at + overlap);
      this.#bytes.set(bytes.subarray(0, overlap), at);
      this.#unsynced.push({ sequence: ++this.#sequence, kind: "overwrite", at, before });
    }
    if (overlap < bytes.length) this.append(bytes.subarray(overlap));
  }

  truncate(length: number): void {
    if (length >= this.#length) {
      this.append(new Uint8Array(length - this.#length)); // as POSIX: grows by zeros
      return;
    }
    const cut = this.#bytes.slice(length, this.#length);
    this.#length = length;
    this.#unsynced.push({ sequence: ++this.#sequence, kind: "truncate", at: length, cut });
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.#length);
    return this.#bytes.slice(Math.min(offset, end), end);
  }

  /** Makes every change up to the numbered one durable. */
  syncUpTo(sequence: number): void {
    this.#unsynced = this.#unsynced.filter((change) => change.sequence > sequence);
  }

  /** With `holes`, sectors of what survives unsynced may be zeros: the disk wrote later ones first. */
  crash(random: SimRandom, { holes }: { readonly holes: boolean }): void {
    const survivors = survivorCount(this.#unsynced.length, random);
    let unsyncedFrom = Number.POSITIVE_INFINITY;
    while (this.#unsynced.length > survivors) {
      const change = this.#unsynced.pop()!;
      const isLast = this.#unsynced.length === survivors;
      if (isLast && change.kind !== "truncate") {
        unsyncedFrom = change.at;
        this.#undo(change, random.below(lengthOf(change) + 1));
      } else {
        this.#undo(change, 0);
      }
    }
    for (const { at } of this.#unsynced) unsyncedFrom = Math.min(unsyncedFrom, at);
    if (holes) this.#punchHoles(unsyncedFrom, random);
    this.#unsynced = [];
  }

  /** Rot: one bit of byte `offset` changes, for good. */
  flipBit(offset: number, bit: number): void {
    this.#bytes[offset]! ^= 1 << bit;
  }

  /** Of what was written, the first `keptBytes` stay. */
  #undo(change: Change, keptBytes: number): void {
    if (change.kind === "append") {
      this.#length -= change.length - keptBytes;
      return;
    }
    if (change.kind === "overwrite") {
      this.#bytes.set(change.before.subarray(keptBytes), change.at + keptBytes);
      return;
    }
    this.#reserve(this.#length + change.cut.length);
    this.#bytes.set(change.cut, this.#length);
    this.#length += change.cut.length;
  }

  #punchHoles(from: number, random: SimRandom): void {
    const firstSector = Math.ceil(from / SECTOR_BYTES) * SECTOR_BYTES;
    for (let at = firstSector; at < this.#length; at += SECTOR_BYTES) {
      if (random.oneIn(4)) this.#bytes.fill(0, at, Math.min(at + SECTOR_BYTES, this.#length));
    }
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function lengthOf(change: Exclude<Change, { kind: "truncate" }>): number {
  return change.kind === "append" ? change.length : change.before.length;
}

/** All or none of them rather often: that is where bugs live. */
function survivorCount(changeCount: number, random: SimRandom): number {
  if (random.oneIn(4)) return 0;
  if (random.oneIn(4)) return changeCount;
  return random.below(changeCount + 1);
}
