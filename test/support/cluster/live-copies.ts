/** Whether nodes that run have the same cells, each in as many copies as it shall have: by a checkpoint of each. */
import { rmSync } from "node:fs";
import { RawClient } from "../raw-client.ts";
import type { RealNode } from "./real-cluster.ts";
import { storedCells } from "./stored-cells.ts";

export interface CopiesFound {
  /** Rows, each once. */
  readonly rows: number;
  /** What is not as it shall be: a row a line. */
  readonly odd: readonly string[];
}

export async function liveCopies(nodes: readonly RealNode[], copies: number): Promise<CopiesFound> {
  const found = await Promise.all(nodes.map(cellsOf));
  const keys = new Set(found.flatMap((cells) => [...cells.keys()]));
  const odd: string[] = [];
  for (const key of keys) {
    const versions = found.map((cells) => cells.get(key));
    const present = versions.filter((cell) => cell !== undefined);
    if (present.length === copies && new Set(present).size === 1) continue;
    const where = versions.flatMap((cell, i) =>
      cell === undefined ? [] : [`${nodes[i]!.name} has ${cell.slice(0, 160)}`],
    );
    odd.push(`${Buffer.from(key, "hex").toString("latin1")}: ${where.join(", ")}`);
  }
  return { rows: keys.size, odd };
}

async function cellsOf(node: RealNode): Promise<ReadonlyMap<string, string>> {
  const client = await RawClient.connect(node.port);
  try {
    const reply = (await client.call("kv.checkpoint")).toString();
    if (reply[0] !== "$") throw new Error(`${node.name} makes no checkpoint: ${reply}`);
    const path = reply.slice(reply.indexOf("\r\n") + 2, -2);
    const cells = await storedCells(path);
    rmSync(path, { recursive: true, force: true });
    return cells;
  } finally {
    client.close();
  }
}
