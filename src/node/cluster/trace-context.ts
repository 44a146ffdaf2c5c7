/**
 * What says to which trace a piece of work belongs, as clients give it and as it travels from node to node.
 * Source: W3C Trace Context, level 1.
 *
 *   client   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01       version, trace id, span id, flags
 */
import type { Random } from "../../runtime/runtime.ts";

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

export interface TraceContext {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  /** Of the work that asks for this work; undefined if nobody's did. */
  readonly parentId: string | undefined;
  /** True if its spans are to be exported. */
  readonly isSampled: boolean;
  /** True if whoever asks wants to be told of its steps. */
  readonly wantsSteps: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
const SAMPLED_FLAG = 1;

/** Undefined if it is none. Later versions may have more behind the flags. */
export function parseTraceparent(text: string): TraceContext | undefined {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (ZEROS.test(traceId!) || ZEROS.test(parentId!)) return undefined;
  const isSampled = (Number.parseInt(flags!, 16) & SAMPLED_FLAG) !== 0;
  return { traceId: traceId!, parentId: parentId!, isSampled, wantsSteps: false };
}

/** A trace that begins here. */
export function newTrace(
  random: Pick<Random, "bytes">,
  wants: Pick<TraceContext, "isSampled" | "wantsSteps">,
): TraceContext {
  return { traceId: newId(random, TRACE_ID_BYTES), parentId: undefined, ...wants };
}

export function newId(random: Pick<Random, "bytes">, length: number): string {
  return Buffer.from(random.bytes(length)).toString("hex");
}
