/** A fallback that says it keeps a hint, and drops it. */
import type { Sabotage } from "./sabotage.ts";

export const droppedHints: Sabotage = {
  name: "hint dropped",
  breaks: "hints are acknowledged and not kept",
  seams: {
    onOpen: ({ cluster }) => {
      if (cluster !== undefined) cluster.hints.add = async () => undefined;
    },
  },
};
