/**
 * A node whose every life has the same actor, and counts its writes from 1: as if a crash had not lost what says how far
 * it had come.
 */
import { utf8 } from "../../base/bytes.ts";
import { replacing } from "./lying-disk.ts";
import type { Sabotage } from "./sabotage.ts";

const ACTOR_BYTES = 8;

export const repeatedDots: Sabotage = {
  name: "dot reused after a crash",
  breaks: "the actor of a new life is that of the one before",
  seams: {
    runtimeOf: (runtime, name) => ({
      ...runtime,
      random: replacing(runtime.random, {
        bytes: (length) =>
          length === ACTOR_BYTES ? utf8(name.padEnd(ACTOR_BYTES, "_")) : runtime.random.bytes(length),
      }),
    }),
    onOpen: ({ disk }) => {
      let counter = 0;
      if (disk !== undefined) disk.directory.identity.nextCounter = () => ++counter;
    },
  },
};
