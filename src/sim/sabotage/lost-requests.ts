/** A node that forgets some requests of clients: neither answered nor refused. */
import { type Sabotage, withoutShortcuts } from "./sabotage.ts";

export const lostRequests: Sabotage = {
  name: "request forgotten",
  breaks: "one write in forty never ends",
  seams: {
    onOpen: (node) => {
      withoutShortcuts(node);
      const { coordinator } = node.cluster ?? {};
      if (coordinator === undefined) return;
      const update = coordinator.update.bind(coordinator);
      let count = 0;
      coordinator.update = (ref, options, step) =>
        ++count % 40 === 0 ? new Promise(() => undefined) : update(ref, options, step);
    },
  },
};
