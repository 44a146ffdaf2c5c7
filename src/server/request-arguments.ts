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
