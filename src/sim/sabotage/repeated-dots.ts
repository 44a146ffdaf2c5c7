/** A node that counts its writes from 1 again after each start, under the actor of its directory. */
import type { Sabotage } from "./sabotage.ts";

export const repeatedDots: Sabotage = {
  name: "dot reused after a crash",
  breaks: "the counters that were reserved are forgotten at a start",
  seams: {
    onOpen: ({ disk }) => {
      let counter = 0;
      if (disk !== undefined) disk.directory.identity.nextCounter = () => ++counter;
    },
  },
};
