/** Reads all that witnesses were promised, at every node. */
import { createNodejsClock } from "../../../src/runtime/nodejs/clock.ts";
import type { RealNode } from "./real-cluster.ts";
import { PatientClient, type Witness } from "./witness.ts";

const PATIENCE_MS = 8_000;

/** What is wrong, node by node. Rejects if a node does not answer. */
export async function readAll(witnesses: readonly Witness[], nodes: readonly RealNode[]): Promise<string[]> {
  const clock = createNodejsClock();
  const client = new PatientClient((ms) => clock.sleep(ms));
  const wrong: string[] = [];
  for (const node of nodes) {
    for (const witness of witnesses) {
      const problem = await witness.check(async (call) => {
        const outcome = await client.ask(node.port, call, PATIENCE_MS);
        if (outcome.kind === "unknown") throw new Error(`${node.name} did not answer ${call.join(" ")}`);
        return outcome.reply;
      });
      if (problem !== undefined) wrong.push(`at ${node.name}, ${problem}`);
    }
  }
  client.close();
  return wrong;
}
