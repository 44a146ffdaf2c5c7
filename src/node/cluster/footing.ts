/**
 * What a node stands on in a cluster: its membership, and its end of the connections to the others. It is there before the node
 * is a member, since that takes talking to them.
 *
 *   DIR/LOCK       names the process that has the directory
 *   DIR/MEMBER     who this node is, and the plan: docs/formats/membership.md
 *   DIR/REGISTER   what this node has promised and accepted of the topology's register: docs/formats/register.md
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { DocumentFile } from "../../membership/document-file.ts";
import { encodeGreeting, type Greeting } from "../../membership/greeting.ts";
import { encodeClusterPlans } from "../../membership/membership-record.ts";
import { memberOf } from "../../membership/topology.ts";
import type { PeerAddress } from "../../peer/peer-identity.ts";
import { systemCode } from "../../runtime/io-error.ts";
import type { DiskLock, Runtime } from "../../runtime/runtime.ts";
import { formatAddress } from "./address.ts";
import type { ClusterSettings, FixedCluster } from "./cluster-begin.ts";
import { Entrance, PLANS_METHOD } from "./entrance.ts";
import { Membership } from "./membership.ts";
import { PeerDoor } from "./peer-door.ts";
import { PeerStation } from "./peer-station.ts";
import { GREET_METHOD } from "./strangers.ts";
import { REGISTER_METHOD, TopologyRegister } from "./topology-register.ts";

export interface Footing {
  readonly membership: Membership;
  readonly station: PeerStation;
  /** Where peers reach this node. */
  readonly address: PeerAddress;
  /** Undefined where the plan cannot change. */
  readonly register: TopologyRegister | undefined;
  /** Addresses where others of the cluster may be, whatever is remembered. */
  readonly join: readonly PeerAddress[];
  greeting(): Greeting;
  close(): Promise<void>;
}

export interface FootingParts {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly hasRows: () => boolean;
  /** True if what this node had stored in earlier lives is gone: a new data directory, or memory. */
  readonly isBlank: boolean;
  /** Aborted: the node is to stop, and not to wait for others any more. */
  readonly stop: AbortSignal | undefined;
  /** See HandshakeSettings. */
  readonly speaks: number | undefined;
}

/** Resolves when the node is a member and others can reach it. Rejects with StoreError, with nothing left open. */
export async function openFooting(parts: FootingParts, settings: ClusterSettings): Promise<Footing> {
  const { runtime, logger } = parts;
  const { directory } = settings;
  await runtime.disk.makeDirectory(directory);
  const lock = await lockDirectory(runtime, directory);
  try {
    const file = new DocumentFile(runtime.disk, directory, "MEMBER");
    return await enter(parts, settings, lock, await Membership.open(runtime, file, logger));
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

async function enter(
  parts: FootingParts,
  settings: ClusterSettings,
  lock: DiskLock,
  membership: Membership,
): Promise<Footing> {
  const { runtime, logger } = parts;
  const station = stationOf(parts, membership, settings.secret);
  try {
    const listening = await station.listen(settings.listen);
    const address = settings.announce ?? listening;
    const registerFile = new DocumentFile(runtime.disk, settings.directory, "REGISTER");
    const register = await TopologyRegister.open({ runtime, station, membership }, registerFile);
    const self = { id: membership.id, ...settings.labels };
    const entrance = new Entrance({ ...parts, station, membership, self, address, ...settings });
    serveStrangers(station, membership, () => entrance.greeting);
    const where = { address: formatAddress(address), node: membership.id };
    logger.info(where, "listening for other nodes");
    if (membership.plans === undefined) await entrance.enter();
    else tellReturn(parts, membership, settings);
    return {
      membership,
      station,
      address,
      register,
      join: settings.join,
      greeting: () => entrance.greeting,
      close: async () => {
        await station.close();
        await membership.close();
        await lock.release();
      },
    };
  } catch (cause) {
    await station.close();
    throw cause;
  }
}

/** For tests: on a cluster that is known beforehand. */
export async function standFixed(parts: FootingParts, fixed: FixedCluster): Promise<Footing> {
  const { id, topology, addresses, secret, generation = parts.runtime.clock.wallMs() } = fixed;
  const texts = [...addresses].map(([other, address]) => [other, formatAddress(address)] as const);
  const plans = { founding: topology, topology };
  const membership = new Membership({ id, generation, plans, addresses: new Map(texts) }, parts.logger);
  const station = stationOf(parts, membership, secret);
  try {
    const address = await station.listen(addresses.get(id)!);
    const self = topology.members.find((member) => member.id === id)!;
    const { clusterId } = topology;
    const greeting = (): Greeting => ({ self, address: formatAddress(address), met: [id], clusterId });
    serveStrangers(station, membership, greeting);
    return {
      membership,
      station,
      address,
      register: undefined,
      join: [],
      greeting,
      close: () => station.close(),
    };
  } catch (cause) {
    await station.close();
    throw cause;
  }
}

function serveStrangers({ door }: PeerStation, membership: Membership, greeting: () => Greeting): void {
  door.serve([GREET_METHOD], () => encodeGreeting(greeting()));
  door.serve([PLANS_METHOD], () => encodeClusterPlans(plansOf(membership)));
}

function stationOf(
  { runtime, logger, speaks }: FootingParts,
  membership: Membership,
  secret: Uint8Array,
): PeerStation {
  // Who is about to be a member is an acceptor of the register before it knows the plan that says so.
  const isHeard = (id: string, method: number): boolean =>
    membership.isHeard(id) || (membership.plans === undefined && method === REGISTER_METHOD);
  const identity = { id: membership.id, incarnation: membership.generation };
  return new PeerStation({ runtime, logger, identity, secret, speaks, door: new PeerDoor(isHeard) });
}

/** What the plan says of this node counts, and no setting changes it yet: that would move data. */
function tellReturn(
  { isBlank, logger }: FootingParts,
  { plans, id }: Membership,
  { labels }: ClusterSettings,
): void {
  if (isBlank) {
    logger.warn(
      { node: id },
      "a member comes back without its data: until it has all again, reads may miss writes",
    );
  }
  const member = memberOf(plans!.topology, id);
  if (member === undefined) return;
  for (const [name, setting] of [
    ["datacenter", "dc"],
    ["rack", "rack"],
    ["machine", "machine"],
    ["weight", "weight"],
  ] as const) {
    if (member[name] === labels[name]) continue;
    const about = { setting, given: labels[name], kept: member[name] };
    logger.warn(about, "a member's place and weight cannot be changed yet: it keeps those it joined with");
  }
}

async function lockDirectory({ disk }: Pick<Runtime, "disk">, directory: string): Promise<DiskLock> {
  try {
    return await disk.lock(`${directory}/LOCK`);
  } catch (cause) {
    if (systemCode(cause) !== "EAGAIN") throw cause;
    const text = `another node has "${directory}": give each node a data directory (setting data) of its own`;
    throw new StoreError("INVALID_SETTING", "not-applied", text, { cause });
  }
}

function plansOf({ plans }: Membership) {
  if (plans === undefined) throw new StoreError("OVERLOADED", "not-applied", "this node is no member yet");
  return plans;
}
