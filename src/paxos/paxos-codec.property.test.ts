import fc from "fast-check";
import { expect, test } from "vitest";
import type { AcceptorReply, AcceptorRequest, AcceptorState } from "./acceptor.ts";
import {
  decodeAcceptorReply,
  decodeAcceptorRequest,
  decodeAcceptorState,
  encodeAcceptorReply,
  encodeAcceptorRequest,
  encodeAcceptorState,
} from "./paxos-codec.ts";

const ballot = fc.record({ counter: fc.maxSafeNat(), proposer: fc.string() });
const value = fc.option(fc.uint8Array(), { nil: undefined });
const accepted = fc.record({ ballot, value });
const request: fc.Arbitrary<AcceptorRequest> = fc.oneof(
  fc.record({ kind: fc.constant("prepare" as const), ballot }),
  fc.record({ kind: fc.constant("accept" as const), ballot, value }),
);
const reply: fc.Arbitrary<AcceptorReply> = fc.oneof(
  fc.record({ kind: fc.constant("promised" as const), ballot, accepted }),
  fc.record({ kind: fc.constant("accepted" as const), ballot }),
  fc.record({ kind: fc.constant("conflict" as const), ballot, promised: ballot }),
);
const state: fc.Arbitrary<AcceptorState> = fc.record({ promised: ballot, accepted });

test("what is written is read again, a register never written told from one with no bytes", () => {
  fc.assert(
    fc.property(request, (each) => {
      expect(decodeAcceptorRequest(encodeAcceptorRequest(each))).toEqual(each);
    }),
  );
  fc.assert(
    fc.property(reply, (each) => {
      expect(decodeAcceptorReply(encodeAcceptorReply(each))).toEqual(each);
    }),
  );
  fc.assert(
    fc.property(state, (each) => {
      expect(decodeAcceptorState(encodeAcceptorState(each))).toEqual(each);
    }),
  );
});

test("one wrong bit anywhere is noticed", () => {
  fc.assert(
    fc.property(state, fc.nat(), (each, at) => {
      const bytes = encodeAcceptorState(each);
      bytes[(at >> 3) % bytes.length]! ^= 1 << (at & 7);
      expect(() => decodeAcceptorState(bytes)).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
    }),
  );
});
