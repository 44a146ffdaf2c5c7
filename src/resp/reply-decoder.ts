/**
 * Decodes replies of both protocols into values, incrementally: for clients, tests and load generators.
 * Source: RESP specification, RESP2 and RESP3.
 *
 *   line       + simple   - error   : integer   , double   ( big number   # boolean   _ null
 *   payload    $ bulk   ! blob error   = verbatim        "$5\r\nhello\r\n"; $-1 is null
 *   aggregate  * array   ~ set   > push   % map   | attribute    "*2\r\n" and two replies; *-1 is the null array
 *
 * What is decoded is copied: a reply shares no bytes with what was fed. As in request-decoder.ts, a partial
 * reply resumes where it stopped, and memory follows what has arrived, not what was announced.
 * Streamed strings and aggregates ("$?", "*?", ...) are refused: no server sends them.
 */
import { toText } from "../base/bytes.ts";
import { InputBuffer } from "../base/input-buffer.ts";
import { parseDecimal } from "./decimal.ts";
import {
  attributed,
  failure,
  map,
  nullArray,
  push,
  type Reply,
  type ReplyPair,
  set,
  verbatim,
} from "./reply.ts";
import { ARRAY, ATTRIBUTE, BLOB_ERROR, BULK, MAP, PUSH, SET, VERBATIM } from "./reply-type.ts";
import { scalarOf } from "./scalar-reply.ts";

const LINE_BYTES_MAX = 64 * 1024;
const COUNT_MAX = 2 ** 31;
const DEPTH_MAX = 128;
const LINE_BYTES_EXPECTED = 256;
const QUOTED_BYTES_MAX = 64;

const CR = 0x0d;
const LF = 0x0a;
const QUESTION_MARK = 0x3f;
const CRLF_BYTES = 2;
/** In place of a type: no payload is being read. */
const NONE = 0;
/** In place of a type: an attribute that is whole, and waits for the reply it speaks of. */
const ATTRIBUTED = 1;
const VERBATIM_PATTERN = /^([^:]{3}):(.*)$/s;

/** An aggregate whose items are not all there. */
interface Frame {
  readonly type: number;
  readonly attributes: readonly ReplyPair[];
  readonly items: Reply[];
  remaining: number;
}

/** What reading one token came to: a whole value in #value, part of one, or nothing without more bytes. */
type Step = "value" | "part" | "need more" | "broken";

export interface ReplyLimits {
  /** Longest string. */
  readonly bulkBytesMax: number;
}

/** Use, per network event: feed(bytes, length);  while (next()) ... reply ...;  if (error !== "") ...;  park(). */
export class ReplyDecoder {
  /** The reply that `next` has decoded. */
  reply: Reply = null;
  /** Why the stream makes no sense from here on; empty as long as it does. */
  error = "";
  readonly #bulkBytesMax: number;
  readonly #input = new InputBuffer();
  readonly #frames: Frame[] = [];
  #scanned = 0; // bytes of the line being read that are known to hold no "\r"
  #payloadType = NONE; // of the payload being read, once its line is
  #payloadLength = 0;
  #value: Reply = null;

  constructor(limits: Partial<ReplyLimits> = {}) {
    this.#bulkBytesMax = limits.bulkBytesMax ?? 512 * 1024 * 1024;
  }

  /** Memory held for a partial reply, the values decoded of it aside; 0 when idle. */
  get heldBytes(): number {
    return this.#input.heldBytes;
  }

  /** Lends `bytes[0, length)` to the decoder until `park`. Requires: a `park` since the last feed. */
  feed(bytes: Uint8Array, length = bytes.length): void {
    if (this.error === "") this.#input.feed(bytes, length);
  }

  /** Gives the lent buffer back: what is not decoded is copied. */
  park(): void {
    this.#input.park(this.#expectedBytes());
  }

  /** Decodes one whole reply into `reply`; false if more must arrive first, or after an `error`. */
  next(): boolean {
    const input = this.#input;
    while (this.error === "") {
      if (input.isParked) input.leave();
      const step = this.#payloadType === NONE ? this.#readLine() : this.#readPayload();
      if (step === "value" && this.#complete(this.#value)) return true;
      if (step === "need more" && !input.pull(this.#wantedBytes(), this.#expectedBytes())) return false;
    }
    return false;
  }

  #readLine(): Step {
    const input = this.#input;
    const { bytes, start } = input;
    const lineEnd = this.#findLineEnd();
    if (lineEnd < 0) return "need more";
    if (this.error !== "") return "broken";
    const type = bytes[start]!;
    input.start = lineEnd + CRLF_BYTES;
    switch (type) {
      case ARRAY:
      case SET:
      case PUSH:
      case MAP:
      case ATTRIBUTE:
        return this.#beginAggregate(type, this.#lengthOf(type, start + 1, lineEnd));
      case BULK:
      case BLOB_ERROR:
      case VERBATIM:
        return this.#beginPayload(type, this.#lengthOf(type, start + 1, lineEnd));
    }
    const value = scalarOf(type, bytes, start + 1, lineEnd);
    return value === undefined
      ? this.#fail(`not a reply: ${quoted(bytes, start, lineEnd)}`)
      : this.#found(value);
  }

  /** Where the "\r" of the line is; -1 if not there yet or never. */
  #findLineEnd(): number {
    const { bytes, start, end } = this.#input;
    const stop = Math.min(end, start + LINE_BYTES_MAX);
    let at = start + this.#scanned;
    while (at < stop && bytes[at] !== CR) at++;
    this.#scanned = at - start;
    if (at === start + LINE_BYTES_MAX) this.#fail(`a line of more than ${LINE_BYTES_MAX} bytes`);
    if (at + 1 >= end) return -1;
    this.#scanned = 0;
    if (bytes[at + 1] !== LF) this.#fail(`a line without its end: ${quoted(bytes, start, at)}`);
    return at;
  }

  /** The count or length in a line, -1 for null, undefined if it makes no sense. */
  #lengthOf(type: number, start: number, end: number): number | undefined {
    const { bytes } = this.#input;
    const length = parseDecimal(bytes, start, end);
    const isNull = length === -1 && (type === BULK || type === ARRAY);
    if (isNull) return -1;
    if (typeof length === "number" && length >= 0 && length < COUNT_MAX) return length;
    const isStreamed = end === start + 1 && bytes[start] === QUESTION_MARK;
    this.#fail(
      isStreamed ? "streamed replies are not supported" : `not a length: ${quoted(bytes, start - 1, end)}`,
    );
    return undefined;
  }

  #beginAggregate(type: number, count: number | undefined): Step {
    if (count === undefined) return "broken";
    if (count === -1) return this.#found(nullArray);
    if (this.#frames.length === DEPTH_MAX) return this.#fail(`replies nested more than ${DEPTH_MAX} deep`);
    const frame: Frame = { type, attributes: [], items: [], remaining: isMap(type) ? 2 * count : count };
    if (count === 0 && type !== ATTRIBUTE) return this.#found(aggregateOf(frame));
    this.#frames.push(count === 0 ? withReply(frame) : frame);
    return "part";
  }

  #beginPayload(type: number, length: number | undefined): Step {
    if (length === undefined) return "broken";
    if (length === -1) return this.#found(null);
    if (length > this.#bulkBytesMax) return this.#fail(`a string of ${length} bytes, more than allowed`);
    this.#payloadType = type;
    this.#payloadLength = length;
    return "part";
  }

  #readPayload(): Step {
    const input = this.#input;
    const { bytes, start } = input;
    const end = start + this.#payloadLength;
    if (end + CRLF_BYTES > input.end) return "need more";
    if (bytes[end] !== CR || bytes[end + 1] !== LF) return this.#fail("a string longer than announced");
    input.start = end + CRLF_BYTES;
    const payload = bytes.slice(start, end);
    const type = this.#payloadType;
    this.#payloadType = NONE;
    if (type === BULK) return this.#found(payload);
    if (type === BLOB_ERROR) return this.#found(failure(toText(payload)));
    const [, format, text] = VERBATIM_PATTERN.exec(toText(payload)) ?? [];
    if (format === undefined || text === undefined) return this.#fail("a verbatim string without its format");
    return this.#found(verbatim(format, text));
  }

  #found(value: Reply): Step {
    this.#value = value;
    return "value";
  }

  /** Puts a value where it belongs. True if it is a whole reply, or was the last part of one. */
  #complete(value: Reply): boolean {
    let whole = value;
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      frame.items.push(whole);
      if (--frame.remaining > 0) return false;
      this.#frames.pop();
      if (frame.type === ATTRIBUTE) {
        this.#frames.push(withReply(frame));
        return false;
      }
      whole = aggregateOf(frame);
    }
    this.reply = whole;
    return true;
  }

  #fail(reason: string): Step {
    if (this.error === "") this.error = `Protocol error: ${reason}`;
    this.#input.clear();
    this.#frames.length = 0;
    return "broken";
  }

  #wantedBytes(): number {
    const { start, end } = this.#input;
    const missing = this.#payloadType === NONE ? 0 : this.#payloadLength + CRLF_BYTES - (end - start);
    return Math.max(missing, LINE_BYTES_EXPECTED);
  }

  #expectedBytes(): number {
    return this.#payloadType === NONE ? 0 : this.#payloadLength + CRLF_BYTES;
  }
}

function isMap(type: number): boolean {
  return type === MAP || type === ATTRIBUTE;
}

/** The attributes in `frame` are whole; the reply they speak of comes next. */
function withReply(frame: Frame): Frame {
  return { type: ATTRIBUTED, attributes: pairsOf(frame.items), items: [], remaining: 1 };
}

function aggregateOf({ type, attributes, items }: Frame): Reply {
  if (type === ARRAY) return items;
  if (type === SET) return set(items);
  if (type === PUSH) return push(items);
  return type === MAP ? map(pairsOf(items)) : attributed(attributes, items[0]!);
}

function pairsOf(items: readonly Reply[]): ReplyPair[] {
  const pairs: ReplyPair[] = [];
  for (let i = 0; i < items.length; i += 2) pairs.push([items[i]!, items[i + 1]!]);
  return pairs;
}

/** Part of the stream as an error message shows it. */
function quoted(bytes: Uint8Array, start: number, end: number): string {
  return JSON.stringify(toText(bytes.subarray(start, Math.min(end, start + QUOTED_BYTES_MAX))));
}
