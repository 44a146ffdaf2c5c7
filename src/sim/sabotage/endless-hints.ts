/** A node that keeps hints without a bound, whatever it was told. */
import type { Sabotage } from "./sabotage.ts";

export const endlessHints: Sabotage = {
  name: "queue without a bound",
  breaks: "hints are taken however many there are",
  seams: { hintBytesMax: Number.POSITIVE_INFINITY },
};
