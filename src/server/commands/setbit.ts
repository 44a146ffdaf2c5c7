/** `SETBIT key offset 0|1` -> the bit that was there. Bit 0 is the highest of the first byte. */
import { integer64 } from "../arguments.ts";
import { bitOffset } from "../bit-string.ts";
import { CommandError, type UpdateCommand } from "../command.ts";

const BIT_REFUSAL = "ERR bit is not an integer or out of range";

export const setbit: UpdateCommand = {
  name: "setbit",
  kind: "update",
  arity: 4,
  flags: ["write", "denyoom"],
  group: "bitmap",
  since: "2.2.0",
  summary: "Sets or clears one bit of a value.",
  complexity: "O(1), or O(N) with N the length of the value where it grows",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key offset value",
  keepsExpiry: () => true,
  run({ value: before }, args, environment) {
    const offset = bitOffset(args[2]!, environment);
    const bit = integer64(args[3]!, BIT_REFUSAL);
    if (bit !== 0n && bit !== 1n) throw new CommandError(BIT_REFUSAL);
    const at = Math.floor(offset / 8);
    const mask = 0x80 >> (offset % 8);
    const old = before?.[at] ?? 0;
    const value = Uint8Array.of(bit === 1n ? old | mask : old & ~mask);
    // Written although it may have been so already: an answered write must be newer than what it has seen.
    return { reply: (old & mask) === 0 ? 0 : 1, change: { kind: "patch", value, at } };
  },
};
