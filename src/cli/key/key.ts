/**
 * `kvorum key KEY`: where a key lives, and what each replica has of it.
 *
 *   exit code   0 the node has answered, whatever it says; 1 it has not
 */
import { toText } from "../../base/bytes.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { KeyWhereabouts } from "../../server/cluster/key-whereabouts.ts";
import { askStatus } from "../cluster/cluster-view.ts";
import { type AskedNode, askNode, NoAnswer, strangerThere } from "../node-question.ts";
import { keyReport } from "./key-report.ts";

export interface KeyRequest {
  readonly key: string;
  readonly json: boolean;
}

export interface KeyOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
}

/** Resolves to the exit code. */
export async function key(
  {
    network,
    clock,
  }: {
    readonly network: Pick<Runtime["network"], "connect">;
    readonly clock: Pick<Runtime["clock"], "wallMs">;
  },
  { node, request }: { readonly node: AskedNode; readonly request: KeyRequest },
  output: KeyOutput,
): Promise<number> {
  try {
    const [text] = await askNode(network, node, [["KV.WHERE", request.key]]);
    if (!(text instanceof Uint8Array)) throw strangerThere();
    if (request.json) {
      output.writeOutput(`${toText(text)}\n`);
      return 0;
    }
    const status = await askStatus(network, node);
    const found = JSON.parse(toText(text)) as KeyWhereabouts;
    output.writeOutput(keyReport({ found, status, nowMs: clock.wallMs() }));
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no key${cause.message}\n`);
    return 1;
  }
}
