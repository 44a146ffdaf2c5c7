/**
 * What proposers and acceptors send each other, and what an acceptor keeps, as bytes.
 * DO NOT CHANGE: see docs/formats/register.md to add a version.
 */
import { corrupt, decodeDocument, encodeDocument, type Fields } from "../membership/checked-document.ts";
import type { Accepted, AcceptorReply, AcceptorRequest, AcceptorState } from "./acceptor.ts";
import type { Ballot } from "./ballot.ts";

const REQUEST = { magic: "KVPQ", version: 1 };
const REPLY = { magic: "KVPR", version: 1 };
const STATE = { magic: "KVPA", version: 1 };

export function encodeAcceptorRequest(request: AcceptorRequest): Uint8Array {
  const { kind } = request;
  const ballot = ballotFields(request.ballot);
  const document = kind === "prepare" ? { kind, ballot } : { kind, ballot, ...valueFields(request.value) };
  return encodeDocument(REQUEST.magic, REQUEST.version, document);
}

/** Throws StoreError CORRUPTION if encodeAcceptorRequest did not make these bytes. So do the others, of theirs. */
export function decodeAcceptorRequest(bytes: Uint8Array): AcceptorRequest {
  const build = (fields: Fields): AcceptorRequest => {
    const kind = fields.word("kind", ["prepare", "accept"] as const);
    const ballot = buildBallot(fields.object("ballot"));
    return kind === "prepare" ? { kind, ballot } : { kind, ballot, value: buildValue(fields) };
  };
  return decodeDocument(bytes, REQUEST, build, encodeAcceptorRequest);
}

export function encodeAcceptorReply(reply: AcceptorReply): Uint8Array {
  const { kind } = reply;
  const head = { kind, ballot: ballotFields(reply.ballot) };
  if (kind === "promised") {
    return encodeDocument(REPLY.magic, REPLY.version, { ...head, accepted: acceptedFields(reply.accepted) });
  }
  if (kind === "accepted") return encodeDocument(REPLY.magic, REPLY.version, head);
  return encodeDocument(REPLY.magic, REPLY.version, { ...head, promised: ballotFields(reply.promised) });
}

export function decodeAcceptorReply(bytes: Uint8Array): AcceptorReply {
  const build = (fields: Fields): AcceptorReply => {
    const kind = fields.word("kind", ["promised", "accepted", "conflict"] as const);
    const ballot = buildBallot(fields.object("ballot"));
    if (kind === "promised") return { kind, ballot, accepted: buildAccepted(fields.object("accepted")) };
    if (kind === "accepted") return { kind, ballot };
    return { kind, ballot, promised: buildBallot(fields.object("promised")) };
  };
  return decodeDocument(bytes, REPLY, build, encodeAcceptorReply);
}

export function encodeAcceptorState({ promised, accepted }: AcceptorState): Uint8Array {
  const document = { promised: ballotFields(promised), accepted: acceptedFields(accepted) };
  return encodeDocument(STATE.magic, STATE.version, document);
}

export function decodeAcceptorState(bytes: Uint8Array): AcceptorState {
  const build = (fields: Fields): AcceptorState => ({
    promised: buildBallot(fields.object("promised")),
    accepted: buildAccepted(fields.object("accepted")),
  });
  return decodeDocument(bytes, STATE, build, encodeAcceptorState);
}

function ballotFields({ counter, proposer }: Ballot): object {
  return { counter, proposer };
}

function acceptedFields({ ballot, value }: Accepted): object {
  return { ballot: ballotFields(ballot), ...valueFields(value) };
}

/** No field: the register has not been written. */
function valueFields(value: Uint8Array | undefined): object {
  return value === undefined ? {} : { value: Buffer.from(value).toString("base64") };
}

function buildBallot(fields: Fields): Ballot {
  const counter = fields.number("counter");
  if (!Number.isSafeInteger(counter) || counter < 0) throw corrupt("a ballot's counter is a count");
  return { counter, proposer: fields.text("proposer") };
}

function buildAccepted(fields: Fields): Accepted {
  return { ballot: buildBallot(fields.object("ballot")), value: buildValue(fields) };
}

function buildValue(fields: Fields): Uint8Array | undefined {
  return fields.has("value") ? new Uint8Array(Buffer.from(fields.text("value"), "base64")) : undefined;
}
