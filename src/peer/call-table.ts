/**
 * Requests of one link that have no answer yet, by id. No object, timer or closure per request: fields lie in arrays,
 * at the position `id mod capacity`; ids rise by one, passing over places that are taken.
 *
 * Deadlines hang on a wheel: 256 buckets of 8 ms, each a list through the arrays; `expire` looks at the buckets whose
 * time has come, and leaves what is due in a later round. A second list has the requests in their order, oldest first.
 *
 * Invariant: ids are not used again before 2^32 others were, so a late answer finds nothing.
 * Hot: twice per request; watched by `bench -- peer`.
 */
import { assert } from "../base/assert.ts";

const CAPACITY_MIN = 64;
const NONE = -1;
const BUCKETS = 256;
const BUCKET_MS = 8;

/** Of a request that `take` or `drain` has taken out. */
export interface TakenCall<Receiver> {
  receiver: Receiver;
  startedMs: number;
  /** False if its bytes surely have not left. */
  isSent: boolean;
}

export class CallTable<Receiver> {
  /** Of what `take` took last. */
  takenStartedMs = 0;
  takenIsSent = false;
  #count = 0;
  #nextId = 1;
  /** Requests added since the last `markSent` have this number. */
  #batch = 0;
  #capacity = CAPACITY_MIN;
  #receivers: (Receiver | undefined)[] = new Array<Receiver | undefined>(CAPACITY_MIN).fill(undefined);
  #ids = new Uint32Array(CAPACITY_MIN);
  #startedMs = new Float64Array(CAPACITY_MIN);
  #batches = new Float64Array(CAPACITY_MIN);
  #methods = new Uint16Array(CAPACITY_MIN);
  /** In ticks of the wheel. */
  #deadlines = new Float64Array(CAPACITY_MIN);
  readonly #heads = new Int32Array(BUCKETS).fill(NONE);
  #above = new Int32Array(CAPACITY_MIN);
  #below = new Int32Array(CAPACITY_MIN);
  #older = new Int32Array(CAPACITY_MIN);
  #newer = new Int32Array(CAPACITY_MIN);
  #oldest = NONE;
  #newest = NONE;
  #tick = 0;

  get count(): number {
    return this.#count;
  }

  /** When the oldest request began; undefined if there is none. */
  get oldestStartedMs(): number | undefined {
    return this.#oldest === NONE ? undefined : this.#startedMs[this.#oldest];
  }

  /** When the oldest request of one of these methods began; undefined if there is none. Takes its time: for who looks now and then. */
  oldestStartedMsOf(methods: ReadonlySet<number>): number | undefined {
    for (let at = this.#oldest; at !== NONE; at = this.#newer[at]!) {
      if (methods.has(this.#methods[at]!)) return this.#startedMs[at];
    }
    return undefined;
  }

  has(id: number): boolean {
    const at = id & (this.#capacity - 1);
    return this.#receivers[at] !== undefined && this.#ids[at] === id;
  }

  /** The id of a new request, in [1, 2^32). */
  add(receiver: Receiver, startedMs: number, deadlineMs: number, method = 0): number {
    if (2 * this.#count >= this.#capacity) this.#grow();
    const mask = this.#capacity - 1;
    let id = this.#nextId;
    while (id === 0 || this.#receivers[id & mask] !== undefined) id = (id + 1) >>> 0;
    this.#nextId = (id + 1) >>> 0;
    const at = id & mask;
    this.#receivers[at] = receiver;
    this.#ids[at] = id;
    this.#startedMs[at] = startedMs;
    this.#batches[at] = this.#batch;
    this.#methods[at] = method;
    this.#deadlines[at] = Math.max(Math.ceil(deadlineMs / BUCKET_MS), this.#tick + 1);
    this.#link(at);
    this.#count++;
    return id;
  }

  /** Takes the request out; undefined if there is none of that id. `takenStartedMs` and `takenIsSent` tell more. */
  take(id: number): Receiver | undefined {
    const at = id & (this.#capacity - 1);
    const receiver = this.#receivers[at];
    if (receiver === undefined || this.#ids[at] !== id) return undefined;
    this.takenStartedMs = this.#startedMs[at]!;
    this.takenIsSent = this.#batches[at] !== this.#batch;
    this.#unlink(at);
    this.#receivers[at] = undefined;
    this.#count--;
    return receiver;
  }

  /** The bytes of all present requests leave now. */
  markSent(): void {
    this.#batch++;
  }

  /** Ids of the requests whose time is over, which stay until they are taken. */
  expire(nowMs: number): readonly number[] {
    const due: number[] = [];
    const tick = Math.floor(nowMs / BUCKET_MS);
    for (let passed = Math.max(this.#tick, tick - BUCKETS) + 1; passed <= tick; passed++) {
      for (let at = this.#heads[passed % BUCKETS]!; at !== NONE; at = this.#below[at]!) {
        if (this.#deadlines[at]! <= tick) due.push(this.#ids[at]!);
      }
    }
    this.#tick = Math.max(this.#tick, tick);
    return due;
  }

  /** Takes all requests out, oldest first. */
  drain(): readonly TakenCall<Receiver>[] {
    const taken: TakenCall<Receiver>[] = [];
    for (let at = this.#oldest; at !== NONE; at = this.#newer[at]!) {
      const isSent = this.#batches[at] !== this.#batch;
      taken.push({ receiver: this.#receivers[at]!, startedMs: this.#startedMs[at]!, isSent });
      this.#receivers[at] = undefined;
    }
    this.#heads.fill(NONE);
    this.#oldest = this.#newest = NONE;
    this.#count = 0;
    return taken;
  }

  #link(at: number): void {
    const bucket = this.#deadlines[at]! % BUCKETS;
    const head = this.#heads[bucket]!;
    this.#above[at] = NONE;
    this.#below[at] = head;
    if (head !== NONE) this.#above[head] = at;
    this.#heads[bucket] = at;
    this.#older[at] = this.#newest;
    this.#newer[at] = NONE;
    if (this.#newest === NONE) this.#oldest = at;
    else this.#newer[this.#newest] = at;
    this.#newest = at;
  }

  #unlink(at: number): void {
    const above = this.#above[at]!;
    const below = this.#below[at]!;
    if (above === NONE) this.#heads[this.#deadlines[at]! % BUCKETS] = below;
    else this.#below[above] = below;
    if (below !== NONE) this.#above[below] = above;
    const older = this.#older[at]!;
    const newer = this.#newer[at]!;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }

  /** Twice the room. Ids that had different places before have different places after. */
  #grow(): void {
    const { length } = this.#receivers;
    const capacity = 2 * length;
    assert(capacity <= 2 ** 24, "somebody bounds the requests of a link");
    const [receivers, ids, startedMs, batches, methods, deadlines, newer] = [
      this.#receivers,
      this.#ids,
      this.#startedMs,
      this.#batches,
      this.#methods,
      this.#deadlines,
      this.#newer,
    ];
    const oldest = this.#oldest;
    this.#capacity = capacity;
    this.#receivers = new Array<Receiver | undefined>(capacity).fill(undefined);
    this.#ids = new Uint32Array(capacity);
    this.#startedMs = new Float64Array(capacity);
    this.#batches = new Float64Array(capacity);
    this.#methods = new Uint16Array(capacity);
    this.#deadlines = new Float64Array(capacity);
    this.#above = new Int32Array(capacity);
    this.#below = new Int32Array(capacity);
    this.#older = new Int32Array(capacity);
    this.#newer = new Int32Array(capacity);
    this.#heads.fill(NONE);
    this.#oldest = this.#newest = NONE;
    for (let from = oldest; from !== NONE; from = newer[from]!) {
      const at = ids[from]! & (capacity - 1);
      this.#receivers[at] = receivers[from];
      this.#ids[at] = ids[from]!;
      this.#startedMs[at] = startedMs[from]!;
      this.#batches[at] = batches[from]!;
      this.#methods[at] = methods[from]!;
      this.#deadlines[at] = deadlines[from]!;
      this.#link(at);
    }
  }
}
