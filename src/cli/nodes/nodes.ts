/**
 * `kvorum nodes`: what every node of a cluster says of itself.
 *
 *   exit code   0 all have answered; 1 one or more have not
 */
import { type AskedNode, NoAnswer } from "../node-question.ts";
import { type ReadingRuntime, readCluster } from "./node-reading.ts";
import { figuresOfNode, nodesReport } from "./nodes-report.ts";

export interface NodesOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
}

/** Resolves to the exit code. */
export async function nodes(
  runtime: ReadingRuntime,
  { node, json }: { readonly node: AskedNode; readonly json: boolean },
  output: NodesOutput,
): Promise<number> {
  try {
    const reading = await readCluster(runtime, node);
    output.writeOutput(
      json ? `${JSON.stringify(reading.nodes.map(figuresOfNode))}\n` : nodesReport(reading.nodes),
    );
    return reading.nodes.every(({ problem }) => problem === undefined) ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no nodes${cause.message}\n`);
    return 1;
  }
}
