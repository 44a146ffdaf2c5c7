/**
 * The changes of a topology: pure functions from one to the next, each an epoch on. They are what is proposed to the
 * topology's register, so they look at the topology that is there, and refuse what does not fit it.
 *
 *   foundTopology -> addMember -> beginJoin     -> settleMove -> finishMove
 *                                 removeMember         who gains slots has them: reads go to it
 *                                 changeWeight                       everybody who must know does: the others need not have them
 *                                 replaceMember, changeCopies
 *                    setKeyspace, dropKeyspace
 *
 * While one move is under way, or voters change, the next must wait. Unless the move streams and cannot go on without a member
 * that is lost: whoever takes its place, or takes it out, sets the move back, which begins again when its turn comes (waiting-moves.ts).
 */
import { PlacementPlan } from "../ring/placement-plan.ts";
import { planChange } from "../ring/plan-change.ts";
import { compareText, type NodeId, type RingMember } from "../ring/ring-member.ts";
import { allocateTokens } from "../ring/token-allocation.ts";
import {
  copiesNow,
  copiesOf,
  DEFAULT_KEYSPACE,
  findKeyspaceFault,
  findTopologyFault,
  type Keyspace,
  type Move,
  memberOf,
  ringMembersNext,
  ringMembersNow,
  type Topology,
  type TopologyMember,
} from "./topology.ts";
import type { WaitingMove } from "./waiting-moves.ts";

export type TopologyChange =
  | { readonly kind: "changed"; readonly topology: Topology }
  | { readonly kind: "refused"; readonly reason: string };

/** Of each slot in one datacenter, unless its keyspace says otherwise. */
const COPIES_DEFAULT = 3;

/** What a node says of itself when it asks to join. */
export type Newcomer = Omit<RingMember, "tokens">;

/** A cluster of one node, which is a member at once: there is nothing to stream. */
export function foundTopology(
  clusterId: string,
  founder: Newcomer,
  keyspace: Omit<Keyspace, "name">,
): TopologyChange {
  const named = { ...keyspace, name: DEFAULT_KEYSPACE };
  const [member] = allocateTokens([{ ...founder, tokens: [] }], copiesOf(named));
  const members = [{ ...member!, state: "member" as const }];
  return checked({ epoch: 1, clusterId, members, keyspaces: [named], voters: [founder.id] });
}

/** A cluster of nodes that found it together: there is nothing to stream. Three copies in each of their datacenters. */
export function foundTopologyOf(clusterId: string, founders: readonly Newcomer[]): TopologyChange {
  const datacenters = [...new Set(founders.map(({ datacenter }) => datacenter))].sort(compareText);
  const keyspace: Keyspace = {
    name: DEFAULT_KEYSPACE,
    copies: datacenters.map((datacenter) => ({ datacenter, count: COPIES_DEFAULT })),
    read: "quorum",
    write: "quorum",
    storage: "disk",
    ttlMs: 0,
    conflictRule: "siblings",
    mode: "ap",
  };
  const unplaced = founders.map((founder) => ({ ...founder, tokens: [] }));
  const members = allocateTokens(unplaced, copiesOf(keyspace))
    .map((member) => ({ ...member, state: "member" as const }))
    .sort((a, b) => compareText(a.id, b.id));
  const voters = members.map(({ id }) => id);
  return checked({ epoch: 1, clusterId, members, keyspaces: [keyspace], voters });
}

/** The newcomer is a member without slots, and waits for its turn. */
export function addMember(topology: Topology, newcomer: Newcomer): TopologyChange {
  if (memberOf(topology, newcomer.id) !== undefined) return refused(`${newcomer.id} is a member already`);
  const members = withNewcomer(topology.members, newcomer);
  const nextVoters = withVoter(topology, newcomer.id);
  if (topology.nextVoters !== undefined) return refused("voters are changing");
  const after = { ...topology, members, nextVoters };
  const fault = findTopologyFault(after);
  return fault === undefined ? advance(after, {}) : refused(fault);
}

/** Who has been added is pending for the slots of its tokens to come until finishMove. */
export function beginJoin(topology: Topology, id: NodeId): TopologyChange {
  if (memberOf(topology, id)?.state !== "joining") return refused(`${id} does not wait to join`);
  return beginMove(topology, topology, { kind: "join", id });
}

/** Whose move was set back, and whose turn it is. */
export function beginWaiting(topology: Topology, { kind, id }: WaitingMove): TopologyChange {
  if (kind === "join") return beginJoin(topology, id);
  if (kind === "leave") return removeMember(topology, id);
  return changeWeight(topology, id, memberOf(topology, id)?.weight ?? 0);
}

/** A move that streams is set back for this change, where it cannot come to its end before. */
export interface Precedence {
  readonly setsBack?: boolean;
}

/** The newcomer takes over the tokens and the vote of a member that will not come back; or its turn, if that had not joined yet. */
export function replaceMember(
  topology: Topology,
  newcomer: Newcomer,
  id: NodeId,
  { setsBack = false }: Precedence = {},
): TopologyChange {
  const lost = memberOf(topology, id);
  if (lost === undefined) return refused(`${id} is no member`);
  if (memberOf(topology, newcomer.id) !== undefined) return refused(`${newcomer.id} is a member already`);
  const { datacenter, weight } = lost;
  if (newcomer.datacenter !== datacenter) return refused(`${id} is in datacenter ${datacenter}`);
  if (lost.state === "joining") return succeedNewcomer(topology, newcomer, lost);
  const before = setsBack ? setBack(topology) : topology;
  return takePlace(before, { ...newcomer, weight }, { of: id, voter: id });
}

/** Of one that is lost and had no slots yet: it waited for its turn, or was about to take another's place. */
function succeedNewcomer(topology: Topology, newcomer: Newcomer, lost: TopologyMember): TopologyChange {
  const { move, ...still } = topology;
  const isItsMove = move?.id === lost.id;
  if (isItsMove && move.stage === "settling") return refused(`the move of ${lost.id} is under way`);
  if (topology.nextVoters !== undefined) return refused("voters are changing");
  const members = topology.members.filter((member) => member !== lost);
  const successor = { ...newcomer, weight: lost.weight };
  if (isItsMove && move.replaced !== undefined)
    return takePlace({ ...still, members }, successor, { of: move.replaced, voter: lost.id });
  const nextVoters = withVoter(topology, newcomer.id, lost.id);
  const changes = { members: withNewcomer(members, successor), nextVoters };
  return advance(topology, changes, isItsMove ? "move" : undefined);
}

/** The place of a member, and a vote that may be another's. */
function takePlace(
  before: Topology,
  newcomer: Newcomer,
  { of, voter }: { readonly of: NodeId; readonly voter: NodeId },
): TopologyChange {
  const members = before.members.map((each) =>
    each.id === of ? { ...each, state: "leaving" as const } : each,
  );
  const nextVoters = withVoter(before, newcomer.id, voter);
  const after = { ...before, members: withNewcomer(members, newcomer), nextVoters };
  return beginMove(before, after, { kind: "replace", id: newcomer.id, replaced: of });
}

function withNewcomer(members: readonly TopologyMember[], newcomer: Newcomer): readonly TopologyMember[] {
  const joining = { ...newcomer, tokens: [], state: "joining" as const };
  return [...members, joining].sort((a, b) => compareText(a.id, b.id));
}

/**
 * The leaver keeps its slots until finishMove, and its vote until then. An id that has left never comes back. One that is lost, and
 * had no slots yet, is out at once.
 */
export function removeMember(
  topology: Topology,
  id: NodeId,
  { isLost = false, setsBack = false }: Precedence & { readonly isLost?: boolean } = {},
): TopologyChange {
  const leaver = memberOf(topology, id);
  if (leaver === undefined) return refused(`${id} is no member`);
  if (isLost && leaver.state === "joining") return forgetNewcomer(topology, leaver);
  const stays = ({ id: other, state, tokens }: TopologyMember): boolean =>
    other !== id && state === "member" && tokens.length > 0;
  if (!topology.members.some(stays)) return refused("the last member cannot leave");
  const before = setsBack ? setBack(topology) : topology;
  const members = before.members.map((member) =>
    member === leaver ? { ...member, state: "leaving" as const } : member,
  );
  return beginMove(before, { ...before, members }, { kind: "leave", id });
}

function forgetNewcomer(topology: Topology, lost: TopologyMember): TopologyChange {
  const { move } = topology;
  if (topology.nextVoters !== undefined) return refused("voters are changing");
  if (move?.id === lost.id && move.kind !== "reweigh") return cancelMove(topology, lost.id);
  if (move?.id === lost.id && move.stage === "settling")
    return refused(`the move of ${lost.id} is under way`);
  const members = topology.members.filter((member) => member !== lost);
  const nextVoters = topology.voters.filter((voter) => voter !== lost.id);
  return advance(topology, { members, nextVoters }, move?.id === lost.id ? "move" : undefined);
}

/**
 * Without the move under way, unless reads go by it already. What it wished for stays in the plan, but for a change of copies: who
 * asked for that must ask again. A replacement becomes a join and a leave.
 */
function setBack(topology: Topology): Topology {
  const { move, ...still } = topology;
  return move?.stage === "streaming" ? still : topology;
}

function withVoter({ voters }: Topology, added: NodeId | undefined, gone?: NodeId): readonly NodeId[] {
  return voters
    .filter((voter) => voter !== gone)
    .concat(added ?? [])
    .sort(compareText);
}

export function changeWeight(topology: Topology, id: NodeId, weight: number): TopologyChange {
  const member = memberOf(topology, id);
  if (member === undefined) return refused(`${id} is no member`);
  if (member.state === "leaving" && topology.move === undefined) return refused(`${id} is leaving`);
  const members = topology.members.map((each) => (each === member ? { ...each, weight } : each));
  const fault = findTopologyFault({ ...topology, members });
  if (fault !== undefined) return refused(fault);
  return beginMove(topology, { ...topology, members }, { kind: "reweigh", id });
}

/** Whoever gains slots has all that was written to them: reads go there from now on. */
export function settleMove(topology: Topology, id: NodeId, missed: readonly NodeId[] = []): TopologyChange {
  const { move, nextVoters } = topology;
  if (move?.id !== id) return refused(`no move of ${id} is under way`);
  if (nextVoters !== undefined) return refused("voters are changing");
  if (move.stage === "settling") return refused(`the move of ${id} is settling already`);
  return advance(topology, { move: { ...move, stage: "settling", missed: [...missed].sort(compareText) } });
}

/** Nobody reads where slots were any more: the ring to come is the ring. */
export function finishMove(topology: Topology, id: NodeId): TopologyChange {
  const { move, nextVoters } = topology;
  if (move?.id !== id) return refused(`no move of ${id} is under way`);
  if (nextVoters !== undefined) return refused("voters are changing");
  if (move.stage !== "settling") return refused(`the slots of ${id} are on their way`);
  const next = new Map(ringMembersNext(topology).map((member) => [member.id, member.tokens]));
  const isLeave = move.kind === "leave";
  const gone = isLeave ? id : move.replaced;
  const members = topology.members
    .filter((member) => member.id !== gone)
    .map((member) => ({
      ...member,
      tokens: next.get(member.id) ?? member.tokens,
      state: member.id === id && member.state === "joining" ? ("member" as const) : member.state,
    }));
  const voters = topology.voters.filter((voter) => voter !== id);
  const { copies } = move;
  const keyspaces = copies && topology.keyspaces.map((keyspace) => ({ ...keyspace, copies }));
  return advance(
    topology,
    { members, ...(keyspaces && { keyspaces }), ...(isLeave && { nextVoters: voters }) },
    "move",
  );
}

/** Everything stays where it is. Not once reads go where the slots are to be. */
export function cancelMove(topology: Topology, id: NodeId): TopologyChange {
  const { move, nextVoters } = topology;
  if (move?.id !== id) return refused(`no move of ${id} is under way`);
  if (nextVoters !== undefined) return refused("voters are changing");
  if (move.stage === "settling") return refused(`the move of ${id} is nearly over`);
  if (move.kind === "reweigh") return refused("give it its old weight when the move is over");
  if (move.kind === "copies") return advance(topology, {}, "move");
  const isNewcomer = move.kind !== "leave";
  const back = isNewcomer ? move.replaced : id; // others that are leaving wait for their own turn
  const members = topology.members
    .filter((member) => !isNewcomer || member.id !== id)
    .map((member) => (member.id === back ? { ...member, state: "member" as const } : member));
  if (!isNewcomer && topology.voters.includes(id)) return advance(topology, { members }, "move");
  const voters = withVoter(topology, back, id);
  return advance(topology, { members, nextVoters: voters }, "move");
}

/** As many copies of every key, of all keyspaces: those who shall have one fetch it, those who shall not drop it. */
export function changeCopies(topology: Topology, copies: Keyspace["copies"]): TopologyChange {
  const keyspaces = topology.keyspaces.map((keyspace) => ({ ...keyspace, copies }));
  const fault = keyspaces.map(findKeyspaceFault).find(Boolean);
  if (fault !== undefined) return refused(fault);
  if (topology.nextVoters !== undefined) return refused("voters are changing");
  if (topology.move === undefined && hasSameOwners(topology, keyspaces))
    return advance(topology, { keyspaces });
  const { id } = topology.members.find(({ state }) => state === "member")!;
  return beginMove(topology, topology, { kind: "copies", id, copies });
}

/** True where there are fewer machines than copies before and after. */
function hasSameOwners(topology: Topology, keyspaces: readonly Keyspace[]): boolean {
  const members = ringMembersNow(topology);
  const [before, after] = [topology, { keyspaces }].map(
    (each) => new PlacementPlan(members, copiesNow(each)),
  );
  return planChange(before!, after!).length === 0;
}

/** The second half of a change of voters: only those to come are left. Nothing else may change before. */
export function finishVoters(topology: Topology): TopologyChange {
  if (topology.nextVoters === undefined) return refused("voters are not changing");
  return advance(topology, { voters: topology.nextVoters }, "nextVoters");
}

/** Adds the keyspace, or replaces the one of its name. */
export function setKeyspace(topology: Topology, keyspace: Keyspace): TopologyChange {
  if (topology.nextVoters !== undefined) return refused("voters are changing");
  const others = topology.keyspaces.filter(({ name }) => name !== keyspace.name);
  return advance(topology, {
    keyspaces: [...others, keyspace].sort((a, b) => compareText(a.name, b.name)),
  });
}

/** Its keys belong to the default keyspace again. */
export function dropKeyspace(topology: Topology, name: string): TopologyChange {
  if (topology.nextVoters !== undefined) return refused("voters are changing");
  if (name === DEFAULT_KEYSPACE) return refused("the default keyspace stays");
  const keyspaces = topology.keyspaces.filter((keyspace) => keyspace.name !== name);
  if (keyspaces.length === topology.keyspaces.length) return refused(`there is no keyspace ${name}`);
  return advance(topology, { keyspaces });
}

type MoveBegin = Pick<Move, "kind" | "id" | "replaced" | "copies">;

function beginMove(before: Topology, after: Topology, move: MoveBegin): TopologyChange {
  if (before.move !== undefined) return refused(`the move of ${before.move.id} is under way`);
  if (before.nextVoters !== undefined) return refused("voters are changing");
  const fault = findTopologyFault(after);
  if (fault !== undefined) return refused(fault);
  const allocated = tokensAfter(after, move);
  const tokens = after.members
    .map(({ id, tokens: now }) => ({ id, now, tokens: allocated.get(id) ?? [] }))
    .filter(
      ({ now, tokens: next }) => now.length !== next.length || now.some((token, i) => token !== next[i]),
    )
    .map(({ id, tokens: next }) => ({ id, tokens: next }));
  const since = after.epoch + 1;
  return advance(after, { move: { ...move, since, stage: "streaming", missed: [], tokens } });
}

function tokensAfter(
  { members, keyspaces }: Topology,
  { kind, id, replaced }: MoveBegin,
): ReadonlyMap<NodeId, readonly number[]> {
  const now = new Map(members.map((member) => [member.id, member.tokens]));
  if (kind === "copies") return now;
  if (kind === "replace") {
    return new Map([...now, [id, now.get(replaced!)!], [replaced!, []]]);
  }
  const isPlaced = (member: TopologyMember): boolean =>
    kind === "leave"
      ? member.id !== id && member.state !== "joining"
      : member.id === id || member.state !== "joining";
  const staying = members.filter(isPlaced);
  return new Map(
    allocateTokens(staying, copiesNow({ keyspaces })).map((member) => [member.id, member.tokens]),
  );
}

/** The next epoch, with `changes`, and without the field named last. */
function advance(
  topology: Topology,
  changes: Partial<Topology>,
  without?: "move" | "nextVoters",
): TopologyChange {
  const { move, nextVoters, ...rest } = topology;
  return checked({
    ...rest,
    ...(move !== undefined && without !== "move" && { move }),
    ...(nextVoters !== undefined && without !== "nextVoters" && { nextVoters }),
    ...changes,
    epoch: topology.epoch + 1,
  });
}

function checked(topology: Topology): TopologyChange {
  const fault = findTopologyFault(topology);
  return fault === undefined ? { kind: "changed", topology } : refused(fault);
}

function refused(reason: string): TopologyChange {
  return { kind: "refused", reason };
}
