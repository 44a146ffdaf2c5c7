/**
 * `kvorum keyspace set`, `list`, `show` and `drop`: asks a running node to declare settings for keys of one beginning, for its
 * cluster or for itself alone, and tells what there is.
 *
 * A change of copies moves data: it is waited for, and standard error tells how far it is, where that is a terminal.
 *
 *   exit code   0 it is so; 1 the node does not do it, or has not answered
 */
import type { Runtime } from "../../runtime/runtime.ts";
import type { MoveStatus } from "../../server/commands/kv-status.ts";
import type { KeyspaceStatus } from "../../server/keyspace-status.ts";
import { CLEAR_LINE } from "../clear-line.ts";
import { askStatus } from "../cluster/cluster-view.ts";
import { type ChangeOutput, waitForMove } from "../cluster/member-change.ts";
import { type AskedNode, askNode, NoAnswer } from "../node-question.ts";
import { keyspaceReport, keyspaceTable } from "./keyspace-report.ts";

export type KeyspaceRequest =
  /** `settings`: the words of KV.KEYSPACE SET after the name. */
  | { readonly kind: "set"; readonly name: string; readonly settings: readonly string[] }
  | { readonly kind: "list" }
  | { readonly kind: "show"; readonly name: string }
  | { readonly kind: "drop"; readonly name: string };

export interface KeyspaceForm {
  readonly json: boolean;
}

interface KeyspaceRuntime {
  readonly network: Pick<Runtime["network"], "connect">;
  readonly clock: Pick<Runtime["clock"], "sleep">;
}

interface Asked {
  readonly node: AskedNode;
  readonly form: KeyspaceForm;
}

/** Resolves to the exit code. */
export async function keyspace(
  runtime: KeyspaceRuntime,
  request: KeyspaceRequest,
  asked: Asked,
  output: ChangeOutput,
): Promise<number> {
  try {
    const text = await answer(runtime, request, asked, output);
    if (output.showsProgress) output.writeError(CLEAR_LINE);
    output.writeOutput(text);
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no ${WHAT[request.kind]}${cause.message}\n`);
    return 1;
  }
}

/** What there is none of, where there is no answer. */
const WHAT = { set: "keyspace set", list: "keyspaces", show: "keyspace", drop: "keyspace dropped" } as const;

async function answer(
  runtime: KeyspaceRuntime,
  request: KeyspaceRequest,
  { node, form: { json } }: Asked,
  output: ChangeOutput,
): Promise<string> {
  const { network } = runtime;
  switch (request.kind) {
    case "set": {
      const { name, settings } = request;
      await askNode(network, node, [["KV.KEYSPACE", "SET", name, ...settings]]);
      if (settings.includes("COPIES")) await waitForMove(runtime, node, { output, isOurs: isOfCopies });
      return shown(named(await keyspacesOf(network, node), name), json);
    }
    case "list": {
      const keyspaces = await keyspacesOf(network, node);
      return json ? `${JSON.stringify(keyspaces)}\n` : keyspaceTable(keyspaces);
    }
    case "show":
      return shown(named(await keyspacesOf(network, node), request.name), json);
    case "drop":
      await askNode(network, node, [["KV.KEYSPACE", "DROP", request.name]]);
      if (json) return `${JSON.stringify({ dropped: request.name })}\n`;
      return `${request.name} is dropped: its keys belong to the default keyspace\n`;
  }
}

function isOfCopies({ kind }: MoveStatus): boolean {
  return kind === "copies";
}

async function keyspacesOf(
  network: KeyspaceRuntime["network"],
  node: AskedNode,
): Promise<readonly KeyspaceStatus[]> {
  return (await askStatus(network, node)).keyspaces;
}

function named(keyspaces: readonly KeyspaceStatus[], name: string): KeyspaceStatus {
  const found = keyspaces.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = keyspaces.map((each) => each.name).join(", ");
  throw new NoAnswer(`: there is no ${name}; there are ${names}`);
}

function shown(found: KeyspaceStatus, json: boolean): string {
  return json ? `${JSON.stringify(found)}\n` : keyspaceReport(found);
}
