/**
 * Which keys this node is asked for most, lately. Of many requests only some are looked at, each for all that came since the
 * one before: so the fast path pays for a countdown, and a busy node for a few hundred looks a second.
 *
 * What was long ago counts for less and less: half of it after ten seconds.
 */
import { HeavyHitters } from "../base/heavy-hitters.ts";
import type { ReceivedCells } from "../replication/received-cells.ts";
import type { Request } from "../resp/request.ts";
import { slotOf } from "../ring/slot.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import { fromLatin1, latin1 } from "./arguments.ts";
import type { TableItem } from "./command-table.ts";

export const HOT_KEY_ORDERS = ["reads", "writes", "bytes"] as const;
export type HotKeyOrder = (typeof HOT_KEY_ORDERS)[number];

export interface HotKey {
  /** One character, one byte; long ones are cut. */
  readonly key: string;
  readonly slot: number;
  /** Requests, or bytes; at most `error` too high. */
  readonly perSecond: number;
  readonly error: number;
  /** Of all such requests, or bytes: 0 to 1. */
  readonly share: number;
}

const TRACKED_MAX = 256;
/** On average, under a steady load. */
const LOOKS_PER_SECOND = 250;
/** After so many looks within a second, only half as many requests are looked at. */
const LOOKS_TO_DOUBLE = 64;
const KEY_CHARACTERS_MAX = 512;
/** Of one request that names many. */
const KEYS_MAX = 16;
const HALF_LIFE_SECONDS = 10;
const DECAY = 0.5 ** (1 / HALF_LIFE_SECONDS);
const NEGLIGIBLE = 0.01;

/** The time that what is counted stands for. */
export const HOT_KEY_WINDOW_MS = Math.round(1000 / (1 - DECAY));

export class HotKeys {
  readonly #cells: Pick<ReceivedCells, "find">;
  readonly #hitters: Readonly<Record<HotKeyOrder, HeavyHitters>>;
  /** Requests for which one look stands, on average. */
  #stride = 1;
  #countdown = 1;
  /** For which the next look stands. */
  #weight = 1;
  #seconds = 0;
  /** In the present second. */
  #looks = 0;
  #chance = 1;

  /** `looks`: false if nobody wants to know. */
  constructor(cells: Pick<ReceivedCells, "find">, looks = true) {
    this.#cells = cells;
    this.looks = looks;
    const hitters = (): HeavyHitters => new HeavyHitters(TRACKED_MAX);
    this.#hitters = { reads: hitters(), writes: hitters(), bytes: hitters() };
  }

  set looks(looks: boolean) {
    this.#weight = 1;
    this.#countdown = looks ? 1 : Number.POSITIVE_INFINITY;
  }

  /** Counts a request; true if it is to be noted. Hot. */
  isDue(): boolean {
    return --this.#countdown === 0;
  }

  /** Looks at a request before it is run. */
  note(item: TableItem<never> | undefined, request: Request, database: number): void {
    const weight = this.#weight;
    if (++this.#looks % LOOKS_TO_DOUBLE === 0) this.#stride *= 2; // a burst must not wait for the second to end
    // Requests may come in a rhythm. Chance of its own: what is looked at must not change what the node does.
    this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) >>> 0;
    this.#weight = 1 + ((this.#chance >>> 8) % (2 * this.#stride - 1));
    this.#countdown = this.#weight;
    const command = item?.kind === "command" ? item.entry.command : undefined;
    if (command?.keys === undefined) return;
    const isRead = command.kind === "read" || command.kind === "read-many";
    const { first, last, step } = command.keys;
    const end = last < 0 ? request.argCount + last : last;
    for (let i = first, n = 0; i <= end && i < request.argCount && n < KEYS_MAX; i += step, n++) {
      if (request.ends[i]! - request.starts[i]! > KEY_BYTES_MAX) continue; // it will be refused
      const key = keyText(request, i);
      this.#hitters[isRead ? "reads" : "writes"].add(key, weight);
      const bytes = isRead ? this.#storedBytes(request, i, database) : writtenBytes(request, i, step);
      this.#hitters.bytes.add(key, bytes * weight);
    }
  }

  /** Needs to be called once a second, with how many requests there were in the last one. */
  onSecond(requests: number): void {
    this.#stride = Math.max(1, Math.round(requests / LOOKS_PER_SECOND));
    this.#looks = 0;
    this.#seconds++;
    for (const order of HOT_KEY_ORDERS) this.#hitters[order].decay(DECAY, NEGLIGIBLE);
  }

  /** How often the key is used, as a logarithm as Redis has it: 0 hardly at all, 255 more than can be told. */
  frequency(key: Uint8Array): number {
    const text = latin1(key.subarray(0, KEY_CHARACTERS_MAX));
    const perSecond = (order: HotKeyOrder): number =>
      this.top(order, TRACKED_MAX).find((hot) => hot.key === text)?.perSecond ?? 0;
    return Math.min(255, Math.round(16 * Math.log2(1 + perSecond("reads") + perSecond("writes"))));
  }

  top(order: HotKeyOrder, countMax: number): readonly HotKey[] {
    const hitters = this.#hitters[order];
    // What a steady load comes to: a geometric series, of which a young one has only the first terms.
    const seconds = Math.max(1, (1 - DECAY ** Math.max(1, this.#seconds)) / (1 - DECAY));
    return hitters.top(countMax).map(({ item, count, error }) => ({
      key: item,
      slot: slotOf(fromLatin1(item)),
      perSecond: count / seconds,
      error: error / seconds,
      share: hitters.total === 0 ? 0 : Math.min(1, count / hitters.total),
    }));
  }

  /** Of the key's value and what is kept with it; 0 if it is not at hand. */
  #storedBytes({ bytes, starts, ends }: Request, i: number, database: number): number {
    const cell = this.#cells.find(database, bytes, starts[i]!, ends[i]!);
    return cell === undefined ? 0 : cell.end - cell.start;
  }
}

function keyText({ bytes, starts, ends }: Request, i: number): string {
  const start = starts[i]!;
  const end = Math.min(ends[i]!, start + KEY_CHARACTERS_MAX);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** Of the arguments that belong to the key: the next one where keys and values alternate, else all that follow. */
function writtenBytes({ starts, ends, argCount }: Request, i: number, step: number): number {
  const from = i + 1;
  if (from >= argCount) return 0;
  const to = step > 1 ? Math.min(i + step, argCount) : argCount;
  let sum = 0;
  for (let j = from; j < to; j++) sum += ends[j]! - starts[j]!;
  return sum;
}
