/**
 * Gives a buffer's memory back soon. A long-lived buffer that is merely dropped keeps its memory until the next
 * full garbage collection, which may be hours away; one that is moved into a new object first dies with that
 * object in the next scavenge.
 */
export function releaseBuffer(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}
