/** Acceptors of the topology's register that promise and accept whatever they are asked, and remember none of it. */

import { REGISTER_METHOD } from "../../node/cluster/topology-register.ts";
import { ZERO_BALLOT } from "../../paxos/ballot.ts";
import { decodeAcceptorRequest, encodeAcceptorReply } from "../../paxos/paxos-codec.ts";
import type { Sabotage } from "./sabotage.ts";

export const credulousAcceptor: Sabotage = {
  name: "two topology winners",
  breaks: "an acceptor forgets what it has promised and accepted for others",
  seams: {
    onOpen: ({ cluster }) =>
      cluster?.serve([REGISTER_METHOD], (_, { bytes, start, end }) => {
        const request = decodeAcceptorRequest(bytes.slice(start, end));
        const { ballot } = request;
        const accepted = { ballot: ZERO_BALLOT, value: undefined };
        return encodeAcceptorReply(
          request.kind === "prepare" ? { kind: "promised", ballot, accepted } : { kind: "accepted", ballot },
        );
      }),
  },
};
