/**
 * Counts durations in log-linear buckets: 16 per power of two, so a percentile is right to about 6%.
 * Hot: recording is a few integer operations and allocates nothing.
 */

const SUB_BUCKET_BITS = 4;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
const OCTAVES = 32 - SUB_BUCKET_BITS;
const MICROS_MAX = 0x7fff_ffff;

const BUCKETS = SUB_BUCKETS * (OCTAVES + 1);
/** Of those that have recorded nothing, as most of a node's commands have not: each would take 4 KB. Nobody writes there. */
const ALL_ZERO = new Float64Array(BUCKETS);

export class LatencyHistogram {
  #counts = ALL_ZERO;
  #count = 0;
  #sumMicros = 0;

  get count(): number {
    return this.#count;
  }

  get sumMicros(): number {
    return this.#sumMicros;
  }

  /** Records `times` events that took `micros` each. */
  record(micros: number, times = 1): void {
    const whole = micros < MICROS_MAX ? Math.trunc(micros) : MICROS_MAX;
    if (this.#counts === ALL_ZERO) this.#counts = new Float64Array(BUCKETS);
    this.#counts[bucketOf(whole)]! += times;
    this.#count += times;
    this.#sumMicros += micros * times;
  }

  /** The smallest recorded duration, within a bucket's width, that `percent` of all do not exceed; 0 if empty. */
  percentileMicros(percent: number): number {
    let left = Math.ceil((this.#count * percent) / 100);
    for (let bucket = 0; bucket < this.#counts.length && this.#count > 0; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return upperBoundOf(bucket);
    }
    return 0;
  }

  /** Pairs of (2^n microseconds, number of events that took no longer), as LATENCY HISTOGRAM prints them. */
  cumulativeByPowerOfTwo(): readonly (readonly [boundMicros: number, count: number])[] {
    const pairs: [number, number][] = [];
    let seen = 0;
    let bucket = 0;
    for (let bound = 1; seen < this.#count && bound <= 2 ** 31; bound *= 2) {
      const before = seen;
      while (bucket < this.#counts.length && upperBoundOf(bucket) <= bound) seen += this.#counts[bucket++]!;
      if (seen > before) pairs.push([bound, seen]);
    }
    return pairs;
  }

  /** Adds what the other has recorded. */
  add(other: LatencyHistogram): void {
    if (other.#counts === ALL_ZERO) return;
    if (this.#counts === ALL_ZERO) this.#counts = new Float64Array(BUCKETS);
    for (let bucket = 0; bucket < this.#counts.length; bucket++)
      this.#counts[bucket]! += other.#counts[bucket]!;
    this.#count += other.#count;
    this.#sumMicros += other.#sumMicros;
  }

  /** Takes out what the other has recorded; of one that was set back in between, as much as is there. */
  subtract(other: LatencyHistogram): void {
    if (this.#counts === ALL_ZERO) return;
    let count = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      this.#counts[bucket] = Math.max(0, this.#counts[bucket]! - other.#counts[bucket]!);
      count += this.#counts[bucket]!;
    }
    this.#count = count;
    this.#sumMicros = Math.max(0, this.#sumMicros - other.#sumMicros);
  }

  /** For each of the bounds, which rise, how many events took no longer, within a bucket's width. */
  cumulativeUpTo(boundsMicros: readonly number[]): readonly number[] {
    let seen = 0;
    let bucket = 0;
    return boundsMicros.map((bound) => {
      while (bucket < this.#counts.length && upperBoundOf(bucket) <= bound) seen += this.#counts[bucket++]!;
      return seen;
    });
  }

  reset(): void {
    if (this.#counts !== ALL_ZERO) this.#counts.fill(0);
    this.#count = 0;
    this.#sumMicros = 0;
  }
}

/** 0..15 have a bucket each; after that an octave has 16 buckets. */
function bucketOf(micros: number): number {
  if (micros < SUB_BUCKETS) return micros;
  const exponent = 31 - Math.clz32(micros);
  const shift = exponent - SUB_BUCKET_BITS;
  return (shift + 1) * SUB_BUCKETS + ((micros >>> shift) & (SUB_BUCKETS - 1));
}

/** The largest whole number of microseconds that falls into the bucket. */
function upperBoundOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  const start = (SUB_BUCKETS + (bucket % SUB_BUCKETS)) * 2 ** shift;
  return start + 2 ** shift - 1;
}
