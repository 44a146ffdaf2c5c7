/** A node that sums up its rows when it starts, and never again. */
import { SLOT_COUNT } from "../../ring/slot.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../../storage/lsm/table/merkle-summary.ts";
import type { Sabotage } from "./sabotage.ts";

export const staleTree: Sabotage = {
  name: "tree that differs from a full scan",
  breaks: "sums of rows leave out what was written since the node has started",
  seams: {
    onOpen: ({ engine }) => {
      const { main } = engine;
      if (main.merkleSummary === undefined) return;
      const atStart = main.merkleSummary(0, SLOT_COUNT);
      main.merkleSummary = (from, to) => {
        const part = new MerkleSummary();
        part.addSummary(atStart, from * SLOT_LEAF_COUNT, to * SLOT_LEAF_COUNT);
        return part;
      };
    },
  },
};
