/** Stores that are told wrong things about cells: when they may be forgotten, and what tells them apart. */
import { decodeCell } from "../../causality/cell-codec.ts";
import { cellTraits, soleReplicaRules } from "../../node/cell-rules.ts";
import type { Sabotage } from "./sabotage.ts";

export const earlyCollection: Sabotage = {
  name: "tombstone collected early",
  breaks: "what is deleted or expired is forgotten at once, as if there were no other replica",
  seams: { rules: { ...soleReplicaRules } },
};

export const blindDigest: Sabotage = {
  name: "digest that ignores context",
  breaks: "what sums up rows looks at their values, and not at what they have seen",
  seams: {
    traits: {
      ...cellTraits,
      versionRange: (cell, into) => {
        const [last] = decodeCell(cell.bytes, cell.start, cell.end).siblings.slice(-1);
        const { bytes, end } = cell;
        into.start = end - (last?.kind === "value" ? last.payload.length : 0);
        into.bytes = bytes;
        into.end = end;
      },
    },
  },
};
