/**
 * A request to another node that belongs to a trace, around the request itself. docs/formats/replica-messages.md draws it.
 * DO NOT CHANGE: another layout gets another version.
 *
 *   request   version u8 | flags u8 | trace id 16 | span id 8 | method u16 | that method's request rest
 *   answer    that method's answer | steps | length of the steps u32
 *
 * `flags`: 1 spans are to be exported, 2 steps are wanted. Steps are JSON, or nothing. A node that has no such method says so,
 * and is asked again without all this.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { PayloadWriter } from "../../peer/frame-writer.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SPAN_ID_BYTES, TRACE_ID_BYTES, type TraceContext } from "./trace-context.ts";

export const TRACED_METHOD = 96;

const VERSION = 1;
const HEAD_BYTES = 2 + TRACE_ID_BYTES + SPAN_ID_BYTES + 2;
const LENGTH_BYTES = 4;
const FLAGS = { sampled: 1, steps: 2 } as const;
/** Longer ones are left out: they are for people. */
const STEPS_BYTES_MAX = 64 * 1024;

/** What a node did for another one. Microseconds, since it was asked. */
export interface RemoteWork {
  readonly tookUs: number;
  /** Until it had done, or asked others for, all that it could at once. */
  readonly localUs: number;
  readonly steps: readonly RemoteStep[];
}

export interface RemoteStep {
  readonly kind: "call" | "disk";
  /** Of calls. */
  readonly node?: NodeId;
  readonly method?: number;
  readonly startUs: number;
  readonly tookUs: number | null;
  readonly failure?: string;
  /** Of calls, if it is known. */
  readonly work?: RemoteWork;
}

/** The bytes before the request itself. */
export function encodeTraceHead(
  { traceId, isSampled, wantsSteps }: TraceContext,
  spanId: string,
  method: number,
): Uint8Array {
  const flags = (isSampled ? FLAGS.sampled : 0) | (wantsSteps ? FLAGS.steps : 0);
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = VERSION;
  head[1] = flags;
  head.write(traceId + spanId, 2, "hex");
  head.writeUInt16LE(method, HEAD_BYTES - 2);
  return head;
}

export interface TracedRequest {
  readonly context: TraceContext;
  readonly method: number;
  readonly payload: ByteRange;
}

/** Throws StoreError INVALID_REQUEST. */
export function decodeTraced({ bytes, start, end }: ByteRange): TracedRequest {
  if (end - start < HEAD_BYTES || bytes[start] !== VERSION) {
    throw new StoreError("INVALID_REQUEST", "not-applied", "a traced request that cannot be read");
  }
  const head = Buffer.from(bytes.buffer, bytes.byteOffset + start, HEAD_BYTES);
  const flags = head[1]!;
  const parentAt = 2 + TRACE_ID_BYTES;
  const context: TraceContext = {
    traceId: head.toString("hex", 2, parentAt),
    parentId: head.toString("hex", parentAt, parentAt + SPAN_ID_BYTES),
    isSampled: (flags & FLAGS.sampled) !== 0,
    wantsSteps: (flags & FLAGS.steps) !== 0,
  };
  return {
    context,
    method: head.readUInt16LE(HEAD_BYTES - 2),
    payload: { bytes, start: start + HEAD_BYTES, end },
  };
}

/** What follows the answer. */
export function writeTrail(
  writer: Pick<PayloadWriter, "bytes" | "uint32">,
  work: RemoteWork | undefined,
): void {
  const steps = Buffer.from(work === undefined ? "" : JSON.stringify(work));
  const isShort = steps.length <= STEPS_BYTES_MAX;
  if (isShort) writer.bytes(steps);
  writer.uint32(isShort ? steps.length : 0);
}

/** The answer with what follows it. */
export function withTrail(answer: Uint8Array, work: RemoteWork | undefined): Uint8Array {
  const parts: Uint8Array[] = [answer];
  writeTrail(
    {
      bytes: (bytes) => parts.push(bytes),
      uint32: (value) => {
        const length = Buffer.alloc(LENGTH_BYTES);
        length.writeUInt32LE(value);
        parts.push(length);
      },
    },
    work,
  );
  return Buffer.concat(parts);
}

/** The answer alone, where it lies, and what was told of it. Throws StoreError CORRUPTION. */
export function takeTrail({ bytes, start, end }: ByteRange): {
  answer: ByteRange;
  work: RemoteWork | undefined;
} {
  const trail = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const stepsEnd = trail.length - LENGTH_BYTES;
  const length = stepsEnd < 0 ? Number.POSITIVE_INFINITY : trail.readUInt32LE(stepsEnd);
  if (length > stepsEnd) throw damaged();
  const answer = { bytes, start, end: end - LENGTH_BYTES - length };
  const text = trail.toString("utf8", stepsEnd - length, stepsEnd);
  return { answer, work: length === 0 ? undefined : workIn(text) };
}

function workIn(text: string): RemoteWork {
  try {
    const work: Partial<RemoteWork> | null = JSON.parse(text);
    if (Array.isArray(work?.steps)) return work as RemoteWork;
  } catch {
    // It is told below.
  }
  throw damaged();
}

function damaged(): StoreError {
  return new StoreError("CORRUPTION", "unknown", "the answer to a traced request is damaged");
}
