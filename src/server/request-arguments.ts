import { pooledCopy } from "../base/byte-pool.ts";
import type { Request } from "../resp/request.ts";

/** Views: see keepArguments. */
export function argumentsIn({ bytes, starts, ends, argCount }: Request, countMax = argCount): Uint8Array[] {
  const { buffer, byteOffset } = bytes;
  const args: Uint8Array[] = [];
  for (let i = 0; i < countMax; i++) {
    args.push(new Uint8Array(buffer, byteOffset + starts[i]!, ends[i]! - starts[i]!));
  }
  return args;
}

const KEPT_BYTES_MAX = 160;

/** The beginning of an argument, as it is: it outlives the request. Hot in a cluster. */
export function keptArgument({ bytes, starts, ends, argCount }: Request, i: number): Uint8Array {
  if (i >= argCount) return NO_BYTES;
  return pooledCopy(bytes, starts[i]!, Math.min(ends[i]!, starts[i]! + KEPT_BYTES_MAX));
}

const NO_BYTES = new Uint8Array(0);
