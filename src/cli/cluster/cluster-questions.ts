/**
 * `kvorum status`, `ring` and `keyspaces`: what a node says of its cluster, for people or as one line of JSON.
 *
 *   exit code   0 the node has answered, whatever it says; 1 it has not
 */
import type { Network } from "../../runtime/runtime.ts";
import { keyspaceTable } from "../keyspace/keyspace-report.ts";
import { type AskedNode, NoAnswer } from "../node-question.ts";
import { askRanges, askStatus } from "./cluster-view.ts";
import { ringReport } from "./ring-report.ts";
import { statusReport } from "./status-report.ts";

export interface QuestionOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
}

export interface QuestionForm {
  readonly json: boolean;
}

type Ask = (network: Pick<Network, "connect">, node: AskedNode, form: QuestionForm) => Promise<string>;

/** The commands, by name: what each prints. */
export const CLUSTER_QUESTIONS = {
  async status(network, node, { json }) {
    const status = await askStatus(network, node);
    return json ? `${JSON.stringify(status)}\n` : statusReport(status);
  },
  async ring(network, node, { json }) {
    const status = await askStatus(network, node);
    const ranges = await askRanges(network, node, status);
    const { epoch, members } = status;
    return json ? `${JSON.stringify({ epoch, members, ranges })}\n` : ringReport(status, ranges);
  },
  async keyspaces(network, node, { json }) {
    const { keyspaces } = await askStatus(network, node);
    return json ? `${JSON.stringify(keyspaces)}\n` : keyspaceTable(keyspaces);
  },
} as const satisfies Record<string, Ask>;

export type ClusterQuestion = keyof typeof CLUSTER_QUESTIONS;

/** Resolves to the exit code. */
export async function answerQuestion(
  question: ClusterQuestion,
  network: Pick<Network, "connect">,
  { node, form }: { readonly node: AskedNode; readonly form: QuestionForm },
  output: QuestionOutput,
): Promise<number> {
  try {
    output.writeOutput(await CLUSTER_QUESTIONS[question](network, node, form));
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no ${question}${cause.message}\n`);
    return 1;
  }
}
