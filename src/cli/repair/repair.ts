/**
 * `kvorum repair`: has the nodes of a cluster compare their copies and mend what differs, one node after another.
 *
 *   standard output   what each did, for people or as one line of JSON
 *   standard error    a progress bar, where that is a terminal
 *   exit code         0 all copies were compared; 1 not all could be, or nobody has answered
 */
import { toText } from "../../base/bytes.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { RepairStatus } from "../../server/commands/kv-repair.ts";
import type { MemberStatus } from "../../server/commands/kv-status.ts";
import { CLEAR_LINE } from "../clear-line.ts";
import { askStatus, placeOf } from "../cluster/cluster-view.ts";
import { type AskedNode, askNode, NoAnswer, strangerThere } from "../node-question.ts";
import { SettingsError } from "../settings-loader.ts";
import { type NodeRepair, progressLine, repairReport } from "./repair-report.ts";

export interface RepairForm {
  /** "first-last"; undefined for all. */
  readonly slots: string | undefined;
  readonly json: boolean;
}

export interface RepairOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
  readonly showsProgress: boolean;
}

const POLL_MS = 200;

/** Resolves to the exit code. Rejects with SettingsError. */
export async function repair(
  runtime: {
    readonly network: Pick<Runtime["network"], "connect">;
    readonly clock: Pick<Runtime["clock"], "sleep">;
  },
  { node, form }: { readonly node: AskedNode; readonly form: RepairForm },
  output: RepairOutput,
): Promise<number> {
  const slots = slotArguments(form.slots);
  const { network } = runtime;
  try {
    const status = await askStatus(network, node);
    if (status.clusterId === null) throw new NoAnswer(": that node is alone, and has the only copy");
    const nodes: NodeRepair[] = [];
    for (const member of status.members) nodes.push(await repairOne(runtime, node, member, slots, output));
    output.writeOutput(form.json ? `${JSON.stringify(nodes)}\n` : repairReport(nodes));
    return nodes.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: no repair${cause.message}\n`);
    return 1;
  }
}

/** What KV.REPAIR wants to be told. */
function slotArguments(slots: string | undefined): readonly string[] {
  if (slots === undefined) return [];
  const parts = /^(\d+)(?:-(\d+))?$/.exec(slots);
  if (parts !== null) return [parts[1]!, parts[2] ?? parts[1]!];
  throw new SettingsError([`slots must be a number or two with a hyphen, but flag --slots says "${slots}"`]);
}

async function repairOne(
  { network, clock }: Parameters<typeof repair>[0],
  { password }: AskedNode,
  member: MemberStatus,
  slots: readonly string[],
  output: RepairOutput,
): Promise<NodeRepair> {
  const place = placeOf(member);
  const { host, port } = member;
  if (host === null || port === null)
    return { place, status: undefined, problems: ["nobody knows where it is"] };
  const ask = async (...words: readonly string[]): Promise<RepairStatus> => {
    const [text] = await askNode(network, { host, port, password }, [["KV.REPAIR", ...words]]);
    if (!(text instanceof Uint8Array)) throw strangerThere();
    return JSON.parse(toText(text)) as RepairStatus;
  };
  try {
    let status = await ask("START", ...slots);
    while (!status.over) {
      if (output.showsProgress) output.writeError(`${CLEAR_LINE}${progressLine(place, status)}`);
      await clock.sleep(POLL_MS);
      status = await ask("PROGRESS");
    }
    const problems = Object.entries(status.unreached).map(
      ([id, reason]) => `not with node ${id.slice(0, 8)}: ${reason}`,
    );
    return { place, status, problems };
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    return { place, status: undefined, problems: [`no repair${cause.message}`] };
  } finally {
    if (output.showsProgress) output.writeError(CLEAR_LINE);
  }
}
