/**
 * The native stream of a socket, beneath the stream layer of Node.js. Writing there allocates nothing and runs no callback
 * a tick later. (Reading there was tried: it saves nothing measurable.)
 *
 * None of it is documented, and this is the only file that touches it. Where a Node.js release has no such thing, or
 * it looks unfamiliar, the answer is undefined and the caller goes the documented way: slower, otherwise the same.
 *
 *   writeBuffer(request, bytes)   below zero: an error, and nothing was written. Else, in `streamBaseState`:
 *     kLastWriteWasAsync 0        everything is written; `request` was not touched and serves again
 *     kLastWriteWasAsync 1        what is left is written later, then `request.oncomplete(status)` is called;
 *                                 until then the bytes are borrowed, and whoever wrote them keeps them alive
 */
import type { Socket } from "node:net";

export interface NativeStream {
  readStart(): unknown;
  useUserBuffer(buffer: Uint8Array): unknown;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
}

export interface WriteRequest {
  oncomplete: (status: number) => void;
  /** What the request is to keep alive. */
  bytes: Uint8Array;
}

interface Internals {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

const STREAM_METHODS = ["readStart", "useUserBuffer", "writeBuffer"];

export function nativeStreamOf(socket: Socket): NativeStream | undefined {
  const native: unknown = Reflect.get(socket, "_handle");
  return isNativeStream(native) ? native : undefined;
}

/** The socket becomes an empty shell. */
export function takeNativeStream(socket: Socket): NativeStream | undefined {
  const native = nativeStreamOf(socket);
  if (native !== undefined) Reflect.set(socket, "_handle", null);
  return native;
}

/** Undefined where native streams cannot be written to. */
export function loadWriteInternals(): Internals | undefined {
  const binding: unknown = Reflect.get(process, "binding");
  if (typeof binding !== "function") return undefined;
  try {
    const found: unknown = binding.call(process, "stream_wrap");
    return isInternals(found) ? found : undefined;
  } catch {
    return undefined; // not allowed, as under Node.js's permission model
  }
}

function isNativeStream(value: unknown): value is NativeStream {
  return isObject(value) && STREAM_METHODS.every((name) => typeof Reflect.get(value, name) === "function");
}

function isInternals(value: unknown): value is Internals {
  return (
    isObject(value) &&
    typeof Reflect.get(value, "WriteWrap") === "function" &&
    typeof Reflect.get(value, "kLastWriteWasAsync") === "number" &&
    Reflect.get(value, "streamBaseState") instanceof Int32Array
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
