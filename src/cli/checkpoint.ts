/**
 * `kvorum checkpoint [NAME | PATH]`: has a running node make a copy of all its data, which opens as a data directory.
 *
 *   standard output   where it is, on the node's machine
 *   exit code         0 it is there, and durable; 1 it could not be made
 */
import { resolve } from "node:path";
import { toText } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Reply } from "../resp/reply.ts";
import { systemCode } from "../runtime/io-error.ts";
import type { Network } from "../runtime/runtime.ts";
import { callNode, type NodeAddress } from "./node-call.ts";
import { addressOf } from "./start-failure.ts";

export interface CheckpointSettings extends NodeAddress {
  readonly password: string | undefined;
  /** A name, or a path of this machine; without, the node finds a name. */
  readonly target: string | undefined;
}

export interface CheckpointOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
}

/** Resolves to the exit code. */
export async function checkpoint(
  network: Pick<Network, "connect">,
  { host, port, password, target }: CheckpointSettings,
  output: CheckpointOutput,
): Promise<number> {
  const asked = target?.includes("/") === true ? resolve(target) : target;
  const calls = [["KV.CHECKPOINT", ...(asked === undefined ? [] : [asked])]];
  if (password !== undefined) calls.unshift(["AUTH", password]);
  try {
    const replies = await callNode(network, { host, port }, calls);
    const problem = problemIn(replies);
    if (problem === undefined) {
      output.writeOutput(`${toText(replies.at(-1) as Uint8Array)}\n`);
      return 0;
    }
    output.writeError(`kvorum: no checkpoint: ${problem}\n`);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    output.writeError(`kvorum: no checkpoint by the node at ${addressOf(host, port)}: ${reasonOf(cause)}\n`);
  }
  return 1;
}

/** Why there is no checkpoint; undefined if there is one. */
function problemIn(replies: readonly Reply[]): string | undefined {
  for (const reply of replies) {
    if (typeof reply !== "object" || reply === null || !("kind" in reply) || reply.kind !== "failure")
      continue;
    const code = /^[A-Z]+/.exec(reply.text)?.[0];
    if (code === "WRONGPASS") return "the node does not take this password";
    if (code === "NOAUTH") return "the node wants a password: KVORUM_PASSWORD, --password-file or --password";
    if (/^ERR unknown command/.test(reply.text)) return "what listens there is no node of Kvorum";
    return `the node says: ${reply.text}`;
  }
  return replies.at(-1) instanceof Uint8Array ? undefined : "what listens there is no node of Kvorum";
}

function reasonOf(cause: StoreError): string {
  switch (systemCode(cause)) {
    case "ECONNREFUSED":
      return "nobody listens there; is it running? See --host and --port";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no machine of that name is known; see --host";
    default:
      return cause.message;
  }
}
