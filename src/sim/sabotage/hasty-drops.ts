/** An owner that drops a slot as soon as it hears that the slot is to move, and not once the move is over. */
import type { Topology } from "../../membership/topology.ts";
import { slotMovesOf } from "../../node/cluster/slot-moves.ts";
import type { StorageNode } from "../../node/node.ts";
import { databaseOfRow, keyRange, OWN_DATABASE, slotOfRow } from "../../storage/row-key.ts";
import type { Sabotage } from "./sabotage.ts";

export const hastyDrops: Sabotage = {
  name: "owner drops too soon",
  breaks: "an owner drops the rows of a slot when a move begins by which it loses it",
  seams: { onOpen: dropAtOnce },
};

function dropAtOnce(node: StorageNode): void {
  const { cluster } = node;
  if (cluster === undefined) return;
  const { view } = cluster;
  const adopt = view.adopt.bind(view);
  view.adopt = (topology) => {
    adopt(topology);
    void dropLosing(node, topology);
  };
}

async function dropLosing({ cluster, engine, replica }: StorageNode, topology: Topology): Promise<void> {
  const { id } = cluster!.self;
  const losing = new Set(
    slotMovesOf(topology)
      .filter(({ before, after }) => before.includes(id) && !after.includes(id))
      .map(({ slot }) => slot),
  );
  if (losing.size === 0) return;
  const rows = engine.scan(new Uint8Array(0), undefined);
  const doomed: { database: number; key: Uint8Array; cell: Uint8Array }[] = [];
  while (await rows.next()) {
    const { key, cell } = rows;
    const database = databaseOfRow(key.bytes, key.start);
    if (database === OWN_DATABASE || !losing.has(slotOfRow(key.bytes, key.start))) continue;
    const name = keyRange(key.bytes, key.start);
    const copy = cell.bytes.slice(cell.start, cell.end);
    doomed.push({ database, key: key.bytes.slice(name.start, name.end), cell: copy });
  }
  rows.close();
  for (const { database, key, cell } of doomed) await replica.received.forget({ database, key }, cell);
}
