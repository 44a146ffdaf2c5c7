/** A move that forgets what is written while it is under way: the coordinator brings it to one side alone. */
import type { Sabotage } from "./sabotage.ts";

export const lateWritesLost: Sabotage = {
  name: "move drops a late write",
  breaks:
    "what is written while slots move is brought to their owners of now alone, and not to those to come",
  seams: {
    onOpen: ({ cluster }) => {
      if (cluster === undefined) return;
      cluster.view.otherReplicasOf = () => undefined;
      cluster.view.requireCurrent = () => undefined;
    },
  },
};
