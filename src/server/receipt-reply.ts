/**
 * A receipt as clients see it: what an acknowledged write rests on. A map; a flat array in RESP2; null if nothing was written.
 *
 *   machines   distinct machines that hold it       synced      of the nodes: on how many it is on the disk for sure
 *   racks      distinct racks, with datacenter      fallbacks   of the nodes: who keeps it for one that is down
 *   nodes      those that hold it
 */
import type { StorageNode } from "../node/node.ts";
import type { NodeSettings } from "../node/settings.ts";
import type { Receipt } from "../replication/write-quorum.ts";
import { map, type Reply } from "../resp/reply.ts";
import type { KeyCommand } from "./command-shape.ts";

export function receiptReply(receipt: Receipt | undefined): Reply {
  if (receipt === undefined) return null;
  const { machines, racks, nodes, syncedCount, fallbacks } = receipt;
  return map([
    ["machines", machines],
    ["racks", racks],
    ["nodes", nodes],
    ["synced", syncedCount],
    ["fallbacks", fallbacks],
  ]);
}

/** Of a write of a node alone, which goes by its own id. Replies wait until the write is as durable as is promised. */
export function receiptOfOne(node: StorageNode, { fsync }: Pick<NodeSettings, "fsync">): Receipt {
  const id = node.actor.toString(16).padStart(16, "0");
  const isSynced = node.disk !== undefined && fsync === "always";
  return { machines: [id], racks: [id], nodes: [id], syncedCount: isSynced ? 1 : 0, fallbacks: [] };
}

/** The same command, and whether running it has changed anything. */
export function noticingChanges(command: KeyCommand): {
  readonly command: KeyCommand;
  hasChanged(): boolean;
} {
  let hasChanged = false;
  const note = (changes: readonly unknown[]): void => {
    hasChanged ||= changes.some((change) => change !== undefined);
  };
  if (command.kind === "update") {
    const run: typeof command.run = (...given) => {
      const effect = command.run(...given);
      note([effect.change]);
      return effect;
    };
    return { command: { ...command, run }, hasChanged: () => hasChanged };
  }
  if (command.kind === "update-many") {
    const run: typeof command.run = (...given) => {
      const effect = command.run(...given);
      note(effect.changes);
      return effect;
    };
    return { command: { ...command, run }, hasChanged: () => hasChanged };
  }
  return { command, hasChanged: () => false };
}
