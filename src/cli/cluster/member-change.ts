/**
 * `kvorum leave`, `weight` and `stay`: have a cluster move slots, and wait until it has.
 *
 *   standard output   what came of it
 *   standard error    how far it is, where that is a terminal; and what it waits for before it can begin
 *   exit code         0 it is done; 1 the cluster does not do it, or nobody has answered
 */
import { memberNamed, whyNobody } from "../../membership/member-name.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ClusterStatus, MemberStatus, MoveStatus } from "../../server/commands/kv-status.ts";
import { CLEAR_LINE } from "../clear-line.ts";
import { type AskedNode, askNode, NoAnswer } from "../node-question.ts";
import { askStatus, placeOf } from "./cluster-view.ts";
import { moveLine } from "./status-report.ts";

export type MemberChange =
  | { readonly kind: "leave"; readonly member: string }
  | { readonly kind: "weight"; readonly member: string; readonly weight: string }
  | { readonly kind: "stay" };

export interface ChangeOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
  readonly showsProgress: boolean;
}

const POLL_MS = 300;

interface ChangeRuntime {
  readonly network: Pick<Runtime["network"], "connect">;
  readonly clock: Pick<Runtime["clock"], "sleep">;
}

/** Resolves to the exit code. */
export async function changeMember(
  runtime: ChangeRuntime,
  {
    node,
    change,
    form,
  }: { readonly node: AskedNode; readonly change: MemberChange; readonly form: { readonly json: boolean } },
  output: ChangeOutput,
): Promise<number> {
  try {
    await carryThrough(runtime, { node, change }, output);
    output.writeOutput(`${form.json ? JSON.stringify({ done: change }) : doneText(change)}\n`);
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no ${change.kind}${cause.message}\n`);
    return 1;
  } finally {
    if (output.showsProgress) output.writeError(CLEAR_LINE);
  }
}

async function carryThrough(
  runtime: ChangeRuntime,
  { node, change }: { readonly node: AskedNode; readonly change: MemberChange },
  output: ChangeOutput,
): Promise<void> {
  const status = await askStatus(runtime.network, node);
  if (status.clusterId === null) throw new NoAnswer(": that node is alone, and no part of a cluster");
  if (change.kind === "stay") {
    await askNode(runtime.network, node, [["KV.MEMBER", "STAY"]]);
    return;
  }
  const member = memberIn(status, change.member);
  const askedAt = await begin(runtime, { node, change, member, status }, output);
  await waitForMove(runtime, askedAt, { output, isOurs: (move) => move.member === member.id });
  const { members } = await askStatus(runtime.network, askedAt);
  const found = members.find(({ id }) => id === member.id);
  if (change.kind === "leave" && found !== undefined) throw new NoAnswer(": it was taken back meanwhile");
}

/** One move at a time: waits for its turn. Resolves to a node that stays, to be asked how far it is. */
async function begin(runtime: ChangeRuntime, asked: Beginning, output: ChangeOutput): Promise<AskedNode> {
  for (let told = ""; ; await runtime.clock.sleep(POLL_MS)) {
    await waitForMove(runtime, asked.node, { output, isOurs: () => true });
    try {
      return await tryToBegin(runtime, asked);
    } catch (cause) {
      const reason = cause instanceof NoAnswer ? NOT_YET.exec(cause.message)?.[1] : undefined;
      if (reason === undefined) throw cause;
      if (reason !== told) output.writeError(`kvorum: waiting: ${reason}\n`);
      told = reason;
    }
  }
}

interface Beginning {
  readonly node: AskedNode;
  readonly change: Exclude<MemberChange, { kind: "stay" }>;
  readonly member: MemberStatus;
  readonly status: ClusterStatus;
}

/** The cluster does it, but not now. */
const NOT_YET = /OVERLOADED NOTAPPLIED (.*)/;

async function tryToBegin(
  { network }: ChangeRuntime,
  { node, change, member, status }: Beginning,
): Promise<AskedNode> {
  const words = change.kind === "leave" ? ["LEAVE", member.id] : ["WEIGHT", member.id, change.weight];
  const other = status.members.find(({ id, up, port }) => id !== member.id && up && port !== null);
  const at = change.kind === "leave" && member.self && other !== undefined ? other : undefined;
  const asked = at === undefined ? node : { ...node, host: at.host!, port: at.port! };
  await askNode(network, asked, [["KV.MEMBER", ...words]]);
  return asked;
}

/** Until no such move is under way. */
export async function waitForMove(
  { network, clock }: ChangeRuntime,
  node: AskedNode,
  { output, isOurs }: { readonly output: ChangeOutput; readonly isOurs: (move: MoveStatus) => boolean },
): Promise<void> {
  for (;;) {
    const status = await askStatus(network, node);
    if (status.move === null || !isOurs(status.move)) return;
    if (output.showsProgress) output.writeError(`${CLEAR_LINE}${moveLine(status, status.move)}`);
    await clock.sleep(POLL_MS);
  }
}

/** By its address, or the beginning of its id. */
function memberIn({ members }: ClusterStatus, name: string): MemberStatus {
  const at = members.filter((member) => placeOf(member) === name);
  if (at.length === 1) return at[0]!;
  const named = memberNamed(members, name);
  if (named.kind === "found") return members.find(({ id }) => id === named.id)!;
  if (named.kind === "ambiguous") throw new NoAnswer(`: ${whyNobody(name, named)}`);
  throw new NoAnswer(`: there is no member ${name}; there are ${members.map(placeOf).join(", ")}`);
}

function doneText(change: MemberChange): string {
  switch (change.kind) {
    case "leave":
      return `${change.member} has left: its slots are with the others`;
    case "weight":
      return `${change.member} has a weight of ${change.weight}`;
    case "stay":
      return "everything stays where it was";
  }
}
