/** What a request of a cluster's client does to which keys, as far as it may run beside others: see key-claims.ts. */
import type { Request } from "../../resp/request.ts";
import { slotOf } from "../../ring/slot.ts";
import { CommandError, type KeyCommand, type RunnableCommand } from "../command-shape.ts";
import { CLAIM, type ClaimKind, type KeyClaim } from "../key-claims.ts";
import { isKeyCommand } from "../run-on-replica.ts";
import type { ClusterKeys } from "./cluster-keys.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** Where so many rounds are under way, sessions add no second one of their own. */
const ROUNDS_MAX = 4_000;
const KEYS_MAX = 16;

export interface RequestClaimsParts {
  readonly cluster: Pick<ServedCluster, "coordinator">;
  readonly keys: Pick<ClusterKeys, "keepsSlot">;
  /** The command of the request; undefined if there is none of that name, or it is a container. */
  commandIn(request: Request): RunnableCommand | undefined;
  /** True while requests are held back. */
  isPaused(): boolean;
}

export class RequestClaims {
  readonly #parts: RequestClaimsParts;

  constructor(parts: RequestClaimsParts) {
    this.#parts = parts;
  }

  /** Undefined if the request is to be run alone. */
  claimOf(request: Request): KeyClaim | undefined {
    const { cluster, commandIn, isPaused } = this.#parts;
    const command = commandIn(request);
    if (command === undefined || !isKeyCommand(command)) return undefined;
    if (isPaused() || cluster.coordinator.roundCount > ROUNDS_MAX) return undefined;
    const hashes = keyHashes(request, command);
    return hashes === undefined ? undefined : { kind: this.#kindOf(command, request), hashes };
  }

  #kindOf(command: KeyCommand, request: Request): ClaimKind {
    if (command.kind === "read" || command.kind === "read-many") return CLAIM.read;
    if (command.kind === "update-many" || command.isBlind === undefined) return CLAIM.other;
    const { keys } = this.#parts;
    const isHere = keys.keepsSlot(slotOf(request.view(command.keys!.first)));
    return isHere && isBlind(command, request) ? CLAIM.overwrite : CLAIM.other;
  }
}

function isBlind(command: KeyCommand & { readonly kind: "update" }, request: Request): boolean {
  const args = Array.from({ length: request.argCount }, (_, i) => request.view(i));
  try {
    return command.isBlind!(args);
  } catch (cause) {
    if (cause instanceof CommandError) return false; // whoever runs it says so
    throw cause;
  }
}

/** Undefined if they are many, or not where the command says; so also of a request that is too short. */
function keyHashes(request: Request, { keys, keyRefs, arity }: KeyCommand): readonly number[] | undefined {
  const { argCount, bytes, starts, ends } = request;
  if (keys === undefined || keyRefs !== undefined) return undefined;
  if (arity >= 0 ? argCount !== arity : argCount < -arity) return undefined;
  const last = keys.last < 0 ? argCount + keys.last : keys.last;
  if ((last - keys.first) / keys.step >= KEYS_MAX) return undefined;
  const hashes: number[] = [];
  for (let i = keys.first; i <= last; i += keys.step) hashes.push(hashOf(bytes, starts[i]!, ends[i]!));
  return hashes;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}
