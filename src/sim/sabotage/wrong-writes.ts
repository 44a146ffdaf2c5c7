/** Coordinators that count what does not count, forget what a client has seen, or do twice what is to be done once. */
import type { StorageNode } from "../../node/node.ts";
import type { Coordinator } from "../../replication/coordinator.ts";
import { type Sabotage, withoutShortcuts } from "./sabotage.ts";

export const countedFallbacks: Sabotage = {
  name: "fallback counted as primary",
  breaks: "a fallback's acknowledgement counts where replicas alone should",
  seams: {
    onOpen: (node) =>
      changeUpdates(
        node,
        (update) => (ref, options, step) => update(ref, { ...options, isSloppy: true }, step),
      ),
  },
};

export const hastyWrites: Sabotage = {
  name: "write acknowledged by one",
  breaks: "a write is acknowledged once its coordinator has it",
  seams: {
    onOpen: (node) =>
      changeUpdates(
        node,
        (update) => (ref, options, step) => update(ref, { ...options, level: "one" }, step),
      ),
  },
};

export const forgottenContexts: Sabotage = {
  name: "context forgotten",
  breaks: "KV.PUT and KV.DEL leave what their context has seen",
  seams: {
    onOpen: (node) =>
      changeUpdates(
        node,
        (update) => (ref, options, step) =>
          update(ref, options, (view) => {
            const effect = step(view);
            if (effect.change === undefined || !("context" in effect.change)) return effect;
            return { ...effect, change: { ...effect.change, context: { context: [], absorbed: [] } } };
          }),
      ),
  },
};

export const doubledIncrements: Sabotage = {
  name: "increment done twice",
  breaks: "now and then an increment is done again after it has been acknowledged",
  seams: {
    onOpen: (node) => {
      let count = 0;
      changeUpdates(node, (update) => async (ref, options, step) => {
        const written = await update(ref, options, step);
        // Asked again, whatever is no increment changes nothing.
        const again: typeof step = (view) => {
          const effect = step(view);
          return effect.change?.kind === "increment" ? effect : { reply: effect.reply };
        };
        if (written.receipt !== undefined && ++count % 20 === 0) await update(ref, options, again);
        return written;
      });
    },
  },
};

type Update = Coordinator["update"];

function changeUpdates(node: StorageNode, change: (update: Update) => Update): void {
  withoutShortcuts(node);
  const { coordinator } = node.cluster ?? {};
  if (coordinator !== undefined) coordinator.update = change(coordinator.update.bind(coordinator));
}
