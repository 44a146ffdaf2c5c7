/** Writes a safe integer in decimal so that it ends where `target` does; returns where it begins. Allocates nothing. */
export function writeDigits(target: Uint8Array, value: number): number {
  let at = target.length;
  let rest = Math.abs(value);
  do {
    const quotient = Math.floor(rest / 10);
    target[--at] = 0x30 + (rest - 10 * quotient);
    rest = quotient;
  } while (rest > 0);
  if (value < 0) target[--at] = 0x2d;
  return at;
}
