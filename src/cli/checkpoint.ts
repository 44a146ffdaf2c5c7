/**
 * `kvorum checkpoint [NAME | PATH]`: has a running node make a copy of all its data, which opens as a data directory.
 *
 *   standard output   where it is, on the node's machine
 *   exit code         0 it is there, and durable; 1 it could not be made
 */
import { resolve } from "node:path";
import { toText } from "../base/bytes.ts";
import type { Network } from "../runtime/runtime.ts";
import { type AskedNode, askNode, NoAnswer, strangerThere } from "./node-question.ts";

export interface CheckpointRequest {
  /** A name, or a path of this machine; without, the node finds a name. */
  readonly target: string | undefined;
  readonly json: boolean;
}

export interface CheckpointOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
}

/** Resolves to the exit code. */
export async function checkpoint(
  network: Pick<Network, "connect">,
  { node, request }: { readonly node: AskedNode; readonly request: CheckpointRequest },
  output: CheckpointOutput,
): Promise<number> {
  const { target, json } = request;
  const asked = target?.includes("/") === true ? resolve(target) : target;
  const call = ["KV.CHECKPOINT", ...(asked === undefined ? [] : [asked])];
  try {
    const [path] = await askNode(network, node, [call]);
    if (!(path instanceof Uint8Array)) throw strangerThere();
    const place = toText(path);
    output.writeOutput(`${json ? JSON.stringify({ path: place }) : place}\n`);
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no checkpoint${cause.message}\n`);
    return 1;
  }
}
