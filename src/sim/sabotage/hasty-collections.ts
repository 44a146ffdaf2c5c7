/** Collectors of deletions that skip a part of the agreement with the other replicas. */
import { spansOf } from "../../node/cluster/shared-slots.ts";
import type { Sabotage } from "./sabotage.ts";

export const unagreedCollection: Sabotage = {
  name: "tombstone collected before all have agreed",
  breaks:
    "a slot's first owner has a deletion forgotten as soon as it comes across it, whatever others know of it",
  seams: {
    onOpen: ({ cluster }) => {
      if (cluster !== undefined) cluster.collector.mayCollect = () => true;
    },
  },
};

export const credulousBounds: Sabotage = {
  name: "bound that no comparison backs",
  breaks: "replicas agree on what they have seen before they have compared what they have",
  seams: {
    onOpen: ({ cluster }) => {
      if (cluster === undefined) return;
      const { collector, view } = cluster;
      const begin = collector.begin.bind(collector);
      collector.begin = async (id) => {
        const begun = await begin(id);
        const shared = spansOf((slot) => view.owns(view.self.id, slot) && view.owns(id, slot));
        if (begun !== undefined) await collector.conclude(begun, shared);
        return begun;
      };
    },
  },
};
