/**
 * The topology's register: this node's acceptor of it, and its way to change it. What is committed here is the cluster's
 * plan, whoever proposed it; ADR 0006 says who has to agree.
 *
 * Until the first change the register is empty, and the plan is the one that the cluster was founded with, which all members have.
 */
import { StoreError } from "../../base/errors.ts";
import type { DocumentFile } from "../../membership/document-file.ts";
import type { ClusterPlans } from "../../membership/membership-record.ts";
import type { Topology } from "../../membership/topology.ts";
import { finishVoters, type TopologyChange } from "../../membership/topology-change.ts";
import { decodeTopology, encodeTopology } from "../../membership/topology-codec.ts";
import type { AcceptorReply, AcceptorRequest } from "../../paxos/acceptor.ts";
import { type Ballot, ZERO_BALLOT } from "../../paxos/ballot.ts";
import { configurationOf } from "../../paxos/configuration.ts";
import { DurableAcceptor } from "../../paxos/durable-acceptor.ts";
import {
  decodeAcceptorReply,
  decodeAcceptorRequest,
  encodeAcceptorReply,
  encodeAcceptorRequest,
} from "../../paxos/paxos-codec.ts";
import { carryThrough } from "../../paxos/proposal.ts";
import { Proposer, type Register } from "../../paxos/proposer.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Membership } from "./membership.ts";
import type { PeerStation } from "./peer-station.ts";

export const REGISTER_METHOD = 48;
const ATTEMPT_MS = 2_000;
const TIMEOUT_MS = 15_000;

export interface TopologyRegisterParts {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly station: PeerStation;
  readonly membership: Membership;
}

export class TopologyRegister {
  readonly #parts: TopologyRegisterParts;
  readonly #acceptor: DurableAcceptor;
  #proposals = 0;
  #highest: Ballot = ZERO_BALLOT;

  static async open(parts: TopologyRegisterParts, file: DocumentFile): Promise<TopologyRegister> {
    return new TopologyRegister(parts, await DurableAcceptor.open(file));
  }

  private constructor(parts: TopologyRegisterParts, acceptor: DurableAcceptor) {
    this.#parts = parts;
    this.#acceptor = acceptor;
    parts.station.door.serve([REGISTER_METHOD], async (_, { bytes, start, end }) =>
      encodeAcceptorReply(await acceptor.answer(decodeAcceptorRequest(bytes.slice(start, end)))),
    );
  }

  /**
   * Commits what `change` makes of the present plan, and resolves to what is committed then. Rejects with StoreError
   * INVALID_REQUEST, not applied, if it refuses; QUORUM_TIMEOUT if no majority agrees in time.
   */
  async change(change: (present: Topology) => TopologyChange): Promise<Topology> {
    const { runtime, membership } = this.#parts;
    const { clock, random } = runtime;
    const plans = membership.plans!;
    const proposer = new Proposer({
      id: `${membership.id}/${membership.generation}/${++this.#proposals}`,
      register: registerOf(plans),
      configuration: registerOf(plans).configurationOf(encodeTopology(plans.topology)),
      change: (value) => {
        const result = change(value === undefined ? plans.founding : decodeTopology(value));
        if (result.kind === "refused") return { kind: "refuse", reason: result.reason };
        return { kind: "set", value: encodeTopology(result.topology) };
      },
      above: this.#highest,
    });
    const send = (to: string, request: AcceptorRequest): Promise<AcceptorReply> => this.#ask(to, request);
    const parts = { clock, random, send, attemptMs: ATTEMPT_MS, timeoutMs: TIMEOUT_MS };
    const result = await carryThrough(proposer, parts);
    this.#highest = proposer.highestBallot;
    if (result.kind === "refused") throw new StoreError("INVALID_REQUEST", "not-applied", result.reason);
    const topology = decodeTopology(result.value!);
    membership.adopt(topology);
    return topology;
  }

  /** As `change`. Rejects with StoreError OVERLOADED, not applied, while a move is under way: the next waits its turn. */
  async changeInTurn(change: (present: Topology) => TopologyChange): Promise<Topology> {
    let moving: Topology["move"];
    try {
      return await this.change((present) => {
        moving = present.move;
        return change(present);
      });
    } catch (cause) {
      if (moving === undefined || !(cause instanceof StoreError) || cause.code !== "INVALID_REQUEST")
        throw cause;
      const text = `the move of ${moving.id} is under way: the next one begins when it is over`;
      throw new StoreError("OVERLOADED", "not-applied", text, { cause });
    }
  }

  async #ask(to: string, request: AcceptorRequest): Promise<AcceptorReply> {
    const { station, membership } = this.#parts;
    if (to === membership.id) return this.#acceptor.answer(request);
    const options = { timeoutMs: ATTEMPT_MS };
    const answer = await station.call(to, REGISTER_METHOD, encodeAcceptorRequest(request), options);
    return decodeAcceptorReply(answer);
  }
}

function registerOf({ founding }: ClusterPlans): Register {
  return {
    configurationOf: (value) => {
      const { voters, nextVoters } = value === undefined ? founding : decodeTopology(value);
      return nextVoters === undefined ? configurationOf(voters) : configurationOf(voters, nextVoters);
    },
    finish: (value) => {
      const finished = finishVoters(decodeTopology(value));
      if (finished.kind === "refused") throw new Error(finished.reason);
      return encodeTopology(finished.topology);
    },
  };
}
