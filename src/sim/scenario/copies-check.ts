/** Whether every row is where it shall be, in one version, and nowhere else: of all that all nodes have by themselves. */
import { databaseOfRow, OWN_DATABASE, slotOfRow } from "../../storage/row-key.ts";
import type { SimCluster } from "../world/sim-cluster.ts";

const SHOWN_MAX = 5;

export async function copiesReport(cluster: SimCluster): Promise<readonly string[]> {
  const names = cluster.names.filter((name) => cluster.isUp(name));
  const rows = new Map<string, { readonly slot: number; readonly copies: Map<string, string> }>();
  for (const name of names) await cluster.world.runUntil(noteRows(cluster, name, rows));
  const { view } = cluster.node(names[0]!).cluster!;
  const nameOf = new Map(names.map((name) => [cluster.node(name).cluster!.self.id, name]));
  const counts = new Set<number>();
  const odd: string[] = [];
  for (const [row, { slot, copies }] of rows) {
    const owners = view.replicasOf(slot).map(({ id }) => nameOf.get(id) ?? id);
    const isRight = copies.size === owners.length && owners.every((owner) => copies.has(owner));
    counts.add(copies.size);
    if (isRight && new Set(copies.values()).size === 1) continue;
    const difference = new Set(copies.values()).size === 1 ? "" : ", which differ";
    odd.push(`${row}: at ${[...copies.keys()].sort()}, and should be at ${owners.sort()}${difference}`);
  }
  if (odd.length > 0) return [`${odd.length} rows are not where they shall be`, ...odd.slice(0, SHOWN_MAX)];
  return [`${[...counts].join(" or ")} equal copies of every row, and none elsewhere`];
}

async function noteRows(
  cluster: SimCluster,
  name: string,
  rows: Map<string, { readonly slot: number; readonly copies: Map<string, string> }>,
): Promise<void> {
  const found = cluster.node(name).engine.scan(new Uint8Array(0), undefined);
  while (await found.next()) {
    const { key, cell } = found;
    if (databaseOfRow(key.bytes, key.start) === OWN_DATABASE) continue;
    const row = hexOf(key);
    const noted = rows.get(row) ?? { slot: slotOfRow(key.bytes, key.start), copies: new Map() };
    rows.set(row, noted);
    noted.copies.set(name, hexOf(cell));
  }
  found.close();
}

function hexOf({ bytes, start, end }: { bytes: Uint8Array; start: number; end: number }): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
}
