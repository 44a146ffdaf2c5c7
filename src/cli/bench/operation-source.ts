/**
 * The operations of a load, one after another: which, and of which record. Hot: nothing is allocated.
 *
 * Records are numbered from 0. What is popular is spread over all numbers, as YCSB does, so that the hot keys are
 * not neighbours; with "latest", the highest numbers are the popular ones. Where several sources feed one load, each
 * inserts every so-manieth record, and reads no new ones but its own: others' may not be there yet.
 */
import type { QuickRandom } from "./quick-random.ts";
import { type Distribution, OPERATIONS, SCAN_RECORDS_MAX, type Workload } from "./workload.ts";
import { Zipfian } from "./zipfian.ts";

const INSERT = OPERATIONS.indexOf("insert");
const SCAN = OPERATIONS.indexOf("scan");

/** Use: `next()`, then read the fields, which hold until the next one. */
export class OperationSource {
  /** Its place in OPERATIONS. */
  kind = 0;
  /** The record's number. */
  record = 0;
  /** Of a scan. */
  recordCount = 1;
  readonly #random: QuickRandom;
  readonly #distribution: Distribution;
  readonly #kinds: readonly number[];
  readonly #limits: readonly number[];
  readonly #zipfian: Zipfian | undefined;
  readonly #recordsBefore: number;
  readonly #step: number;
  readonly #first: number;
  #records: number;

  /** `records`: how many are there. `step`: how many sources feed the load; `first`: which of them this is, from 0. */
  constructor(
    workload: Pick<Workload, "shares" | "distribution">,
    {
      records,
      random,
      step = 1,
      first = 0,
    }: {
      readonly records: number;
      readonly random: QuickRandom;
      readonly step?: number;
      readonly first?: number;
    },
  ) {
    this.#records = this.#recordsBefore = records;
    this.#step = step;
    this.#first = first;
    this.#random = random;
    this.#distribution = workload.distribution;
    this.#kinds = workload.shares.map(([operation]) => OPERATIONS.indexOf(operation));
    let sum = 0;
    this.#limits = workload.shares.map(([, share]) => {
      sum += share;
      return sum;
    });
    this.#zipfian = this.#distribution === "uniform" ? undefined : new Zipfian(records);
  }

  next(): void {
    this.kind = this.#nextKind();
    if (this.kind === INSERT) {
      this.record = this.#records + this.#first;
      this.#records += this.#step;
      return;
    }
    this.record = this.#nextRecord();
    if (this.#step > 1 && this.record >= this.#recordsBefore) this.record = this.#ownNear(this.record);
    if (this.kind === SCAN) {
      this.recordCount = Math.min(1 + this.#random.below(SCAN_RECORDS_MAX), this.#records - this.record);
    }
  }

  #ownNear(record: number): number {
    const inserted = record - this.#recordsBefore;
    return record - (inserted % this.#step) + this.#first;
  }

  #nextKind(): number {
    const kinds = this.#kinds;
    if (kinds.length === 1) return kinds[0]!;
    const fraction = this.#random.fraction();
    let at = 0;
    while (at < kinds.length - 1 && fraction >= this.#limits[at]!) at++;
    return kinds[at]!;
  }

  #nextRecord(): number {
    if (this.#zipfian === undefined) return this.#random.below(this.#records);
    const fraction = this.#random.fraction();
    if (this.#distribution === "zipfian") return spread(this.#zipfian.rankOf(fraction), this.#records);
    this.#zipfian.grow(this.#records);
    return this.#records - 1 - this.#zipfian.rankOf(fraction);
  }
}

/** The finalizer of MurmurHash3, and the place of that in [0, count). */
function spread(rank: number, count: number): number {
  let hash = rank | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return Math.floor(((hash >>> 0) / 2 ** 32) * count);
}
