import type { Receipt } from "./write-quorum.ts";

/** The receipt of a write of several keys is that of the key which the fewest machines hold. */
export function weakest(receipts: readonly (Receipt | undefined)[]): Receipt | undefined {
  const all = receipts.filter((receipt) => receipt !== undefined);
  return all.reduce<Receipt | undefined>(
    (least, next) => (least === undefined || next.machines.length < least.machines.length ? next : least),
    undefined,
  );
}
