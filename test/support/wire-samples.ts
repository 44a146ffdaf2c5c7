/**
 * One message of every kind that nodes send each other, with its codec: test/testdata/wire has their bytes as they were
 * written when the format was new (wire-golden.test.ts).
 */

import * as agreement from "../../src/anti-entropy/agreement-message.ts";
import * as exchange from "../../src/anti-entropy/exchange-message.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { StoreError } from "../../src/base/errors.ts";
import { decodeGossip, encodeGossip } from "../../src/membership/gossip-codec.ts";
import * as greeting from "../../src/membership/greeting.ts";
import { decodeClusterPlans, encodeClusterPlans } from "../../src/membership/membership-record.ts";
import type { Topology } from "../../src/membership/topology.ts";
import {
  addMember,
  beginJoin,
  finishVoters,
  foundTopologyOf,
  setKeyspace,
  type TopologyChange,
} from "../../src/membership/topology-change.ts";
import { decodeTopology, encodeTopology } from "../../src/membership/topology-codec.ts";
import { JOIN_METHOD, PLANS_METHOD, REPLACE_METHOD } from "../../src/node/cluster/entrance.ts";
import { GOSSIP_METHOD } from "../../src/node/cluster/gossip-rounds.ts";
import { MOVE_METHOD } from "../../src/node/cluster/move-driver.ts";
import { decodeMoveReport, encodeMoveReport } from "../../src/node/cluster/move-report.ts";
import { GREET_METHOD } from "../../src/node/cluster/strangers.ts";
import { REGISTER_METHOD } from "../../src/node/cluster/topology-register.ts";
import {
  decodeTraced,
  encodeTraceHead,
  TRACED_METHOD,
  takeTrail,
  withTrail,
} from "../../src/node/cluster/trace-message.ts";
import {
  decodeAcceptorReply,
  decodeAcceptorRequest,
  encodeAcceptorReply,
  encodeAcceptorRequest,
} from "../../src/paxos/paxos-codec.ts";
import { FrameWriter } from "../../src/peer/frame-writer.ts";
import * as handshake from "../../src/peer/handshake-message.ts";
import { readFailure, writeFailure } from "../../src/peer/peer-failure.ts";
import * as attempt from "../../src/replication/attempt-message.ts";
import * as forward from "../../src/replication/forward-message.ts";
import * as relay from "../../src/replication/relay-message.ts";
import * as replica from "../../src/replication/replica-message.ts";
import * as sweep from "../../src/replication/sweep-message.ts";
import * as transact from "../../src/replication/transact-message.ts";
import {
  checkReportRequest,
  decodeReport,
  encodeReport,
  encodeReportRequest,
  REPORT_METHOD,
} from "../../src/server/cluster/node-report.ts";

export interface WireSample {
  readonly name: string;
  /** Of which it is the request or the answer. */
  readonly method: number | undefined;
  readonly value: unknown;
  /** Undefined where this program only reads it. */
  readonly encode: (() => Uint8Array) | undefined;
  readonly decode: (bytes: Uint8Array) => unknown;
}

export const METHODS: readonly number[] = [
  ...Object.values(replica.REPLICA_METHOD),
  ...Object.values(forward.DOOR_METHOD),
  ...Object.values(exchange.EXCHANGE_METHOD),
  ...Object.values(agreement.AGREEMENT_METHOD),
  ...[
    attempt.ATTEMPT_METHOD,
    GOSSIP_METHOD,
    GREET_METHOD,
    PLANS_METHOD,
    JOIN_METHOD,
    MOVE_METHOD,
    REPLACE_METHOD,
    REGISTER_METHOD,
    TRACED_METHOD,
    REPORT_METHOD,
  ],
];

function sample<T>(
  name: string,
  method: number | undefined,
  value: T,
  encode: ((value: T) => Uint8Array) | undefined,
  decode: (bytes: Uint8Array) => unknown,
): WireSample {
  return { name, method, value, encode: encode && (() => encode(value)), decode };
}

const epoch = 0x0102030405;
const ref = { database: 3, key: utf8("cart:42") };
const cell = utf8("a cell");
const [A, B, C] = ["00112233445566aa", "00112233445566bb", "00112233445566cc"];
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const dot = { actor: 0xfedcba9876543210n, counter: 0x10000_0001 };
const vector = [{ actor: 1n, counter: 7 }, dot];
const args = [utf8("SET"), utf8("cart:42"), utf8("tea")];
const hash = 0x1122334455667788n;
const rows = [{ database: 3, key: utf8("row key"), cell }];
const span = {
  slot: 5474,
  leaves: Uint8Array.of(1, 2, 4, 8, 16, 32, 64, 128),
  after: utf8("after"),
  upTo: utf8("up to"),
};
const node = { depth: 2, firstSlot: 8, sum: { low: -2, high: 3 } };
const children = Int32Array.from({ length: 16 }, (_, i) => i - 8);
const ballot = { counter: 4, proposer: `${A}/1700000000000/1` };

const newcomer = (id: string, weight = 1) => ({
  id,
  datacenter: "dc1",
  rack: `rack of ${id}`,
  machine: `machine of ${id}`,
  weight,
});
const made = (change: TopologyChange): Topology => {
  if (change.kind === "refused") throw new Error(change.reason);
  return change.topology;
};
/** Frozen here, for how tokens are allocated is no part of a format. */
const withTokens = (topology: Topology): Topology => ({
  ...topology,
  members: topology.members.map((member, i) => ({
    ...member,
    tokens: member.tokens.map((_, k) => 400 * k + i),
  })),
  ...(topology.move && {
    move: {
      ...topology.move,
      tokens: topology.move.tokens.map((each, i) => ({
        ...each,
        tokens: each.tokens.map((_, k) => 400 * k + 200 + i),
      })),
    },
  }),
});
const founding = withTokens(made(foundTopologyOf("c1", [newcomer(A), newcomer(B, 2)])));
const moving = withTokens(made(beginJoin(made(finishVoters(made(addMember(founding, newcomer(C))))), C)));
const sessions = {
  ...founding.keyspaces[0]!,
  name: "sessions",
  read: 1,
  ttlMs: 1_800_000,
  conflictRule: "newest" as const,
};
const keyspaces = made(setKeyspace(founding, sessions));

const hello = {
  ...{ versionMin: 1, versionMax: 1, sender: { id: A, incarnation: 1_700_000_000_000, clusterId: "kvorum" } },
  ...{ wanted: B, nonce: Uint8Array.from({ length: 32 }, (_, i) => i) },
};
const greets = { self: newcomer(C), address: "10.0.0.3:16379", met: [A, B, C], clusterId: "c1" };
const stateOf = (id: string) => ({
  ...{
    id,
    generation: 1_700_000_000_000,
    version: 9,
    address: "10.0.0.1:16379",
    doorAddress: "10.0.0.1:6379",
  },
  ...{ epoch: 2, loadBytes: 12_345, requestsPerSecond: 67 },
});
const report = {
  ...{ epoch: 9, since: 8, isFilled: true, permille: 750, missed: [A], unseen: [B] },
  ...{ slots: 100, slotsDone: 75, rows: 1_000, bytes: 123_456 },
};
const receipt = { machines: ["m1", "m2"], racks: ["r1"], nodes: [A, B], fallbacks: [B], syncedCount: 1 };
const failure = new StoreError("STALE_PLAN", "not-applied", "a newer plan");
const { REPLICA_METHOD: R } = replica;
const { DOOR_METHOD: D } = forward;
const { EXCHANGE_METHOD: X } = exchange;
const { AGREEMENT_METHOD: G } = agreement;

export const WIRE_SAMPLES: readonly WireSample[] = [
  sample("hello", undefined, hello, handshake.encodeHello, handshake.decodeHello),
  sample(
    "challenge",
    undefined,
    { version: 1, sender: hello.sender, nonce: hello.nonce },
    handshake.encodeChallenge,
    handshake.decodeChallenge,
  ),
  sample(
    "refusal",
    undefined,
    { reason: "version", text: "one end speaks another" } as const,
    ({ reason, text }) => handshake.encodeRefusal(reason, text),
    handshake.decodeRefusal,
  ),
  sample("error", undefined, failure, errorPayload, (bytes) =>
    readFailure({ bytes, start: 0, end: bytes.length }, A),
  ),

  sample(
    "write-cell",
    R.writeCell,
    { epoch, ref, cell, hintFor: undefined },
    replica.encodeWriteCell,
    replica.decodeWriteCell,
  ),
  sample(
    "write-cell-hint",
    R.writeCell,
    { epoch, ref, cell, hintFor: B },
    replica.encodeWriteCell,
    replica.decodeWriteCell,
  ),
  sample("ack", R.writeCell, { isSynced: true }, replica.encodeAck, replica.decodeAck),
  sample("read-cell", R.readCell, { epoch, ref }, replica.encodeReadRow, replica.decodeReadRow),
  sample("cell", R.readCell, cell, replica.encodeCellAnswer, replica.decodeCellAnswer),
  sample("no-cell", R.readCell, undefined, replica.encodeCellAnswer, replica.decodeCellAnswer),
  sample("read-digest", R.readDigest, { epoch, ref }, replica.encodeReadRow, replica.decodeReadRow),
  sample("digest", R.readDigest, utf8("a version"), replica.encodeDigestAnswer, replica.decodeDigestAnswer),
  sample("read-hint", R.readHint, { epoch, ref }, replica.encodeReadRow, replica.decodeReadRow),
  sample(
    "relay-cell",
    R.relayCell,
    {
      epoch,
      ref,
      cell,
      ackCount: 2,
      targets: [
        { id: A, hintFor: undefined },
        { id: B, hintFor: C },
      ],
    },
    relay.encodeRelayCell,
    relay.decodeRelayCell,
  ),
  sample(
    "relayed",
    R.relayCell,
    [
      replica.SYNCED,
      replica.UNSYNCED,
      "entrusted" as const,
      { failure: new StoreError("IO", "not-applied", "") },
      { failure },
    ],
    relay.encodeRelayed,
    (bytes) => relay.decodeRelayed(bytes, 4),
  ),

  sample(
    "traced",
    TRACED_METHOD,
    {
      context: { traceId, parentId: A, isSampled: true, wantsSteps: false },
      method: R.writeCell,
      request: cell,
    },
    ({ context, method, request }) =>
      Buffer.concat([encodeTraceHead(context, context.parentId, method), request]),
    (bytes) => {
      const { context, method, payload } = decodeTraced({ bytes, start: 0, end: bytes.length });
      return { context, method, request: payload.bytes.subarray(payload.start, payload.end) };
    },
  ),
  sample(
    "traced-answer",
    TRACED_METHOD,
    {
      reply: cell,
      work: { tookUs: 9, localUs: 2, steps: [{ kind: "disk" as const, startUs: 2, tookUs: 7 }] },
    },
    ({ reply, work }) => withTrail(reply, work),
    (bytes) => {
      const { answer, work } = takeTrail({ bytes, start: 0, end: bytes.length });
      return { reply: answer.bytes.subarray(answer.start, answer.end), work };
    },
  ),
  sample("report-request", REPORT_METHOD, undefined, encodeReportRequest, (bytes) =>
    checkReportRequest({ bytes, start: 0, end: bytes.length }),
  ),
  sample(
    "report",
    REPORT_METHOD,
    { adminPort: 8001, usedMemory: 12_345, diskBytes: null, opsPerSecond: 7 },
    encodeReport,
    decodeReport,
  ),

  sample(
    "forward",
    D.forward,
    {
      epoch,
      database: 3,
      protocol: 3,
      read: "quorum",
      write: 2,
      timeoutMs: 4_000,
      wantsReceipt: true,
      args,
    } as const,
    forward.encodeForward,
    forward.decodeForward,
  ),
  sample(
    "forwarded",
    D.forward,
    { receipt, reply: utf8("+OK\r\n") },
    forward.encodeForwardAnswer,
    forward.decodeForwardAnswer,
  ),
  sample(
    "apply-put",
    D.applyChange,
    {
      epoch,
      ref,
      write: undefined,
      change: { kind: "put", value: utf8("tea"), expiresAtMs: 1_700_000_000_000 },
    } as const,
    forward.encodeApplyChange,
    forward.decodeApplyChange,
  ),
  sample(
    "apply-patch",
    D.applyChange,
    { epoch, ref, write: "all", change: { kind: "patch", value: utf8("tea"), at: 5 } } as const,
    forward.encodeApplyChange,
    forward.decodeApplyChange,
  ),
  sample(
    "apply-delete",
    D.applyChange,
    { epoch, ref, write: "one", change: { kind: "delete" } } as const,
    forward.encodeApplyChange,
    forward.decodeApplyChange,
  ),
  sample(
    "apply-expire",
    D.applyChange,
    {
      epoch,
      ref,
      write: "local_quorum",
      change: { kind: "expire", expiresAtMs: 1_700_000_000_000 },
    } as const,
    forward.encodeApplyChange,
    forward.decodeApplyChange,
  ),
  sample(
    "apply-increment",
    D.applyChange,
    { epoch, ref, write: "each_quorum", change: { kind: "increment", by: -5n } } as const,
    forward.encodeApplyChange,
    forward.decodeApplyChange,
  ),
  sample(
    "walk-keys",
    D.walkKeys,
    { epoch, database: 3, from: 65_536, to: 1_000_000_000, rowsMax: 100 },
    sweep.encodeWalkKeys,
    sweep.decodeWalkKeys,
  ),
  sample(
    "keys",
    D.walkKeys,
    { place: 131_072, keys: [utf8("a"), utf8("b")] },
    sweep.encodeKeysAnswer,
    sweep.decodeKeysAnswer,
  ),
  sample(
    "count-rows",
    D.countRows,
    {
      epoch,
      database: 3,
      ranges: [
        { first: 0, last: 99 },
        { first: 200, last: 16_383 },
      ],
    },
    sweep.encodeCountRows,
    sweep.decodeCountRows,
  ),
  sample("counts", D.countRows, [5, 2 ** 40], sweep.encodeCountsAnswer, sweep.decodeCountsAnswer),
  sample(
    "transact",
    D.transact,
    {
      epoch,
      protocol: 2,
      read: undefined,
      write: "quorum",
      watches: [{ ref, version: "a version" }],
      calls: [{ database: 3, args }],
    } as const,
    transact.encodeTransact,
    transact.decodeTransact,
  ),
  sample(
    "transacted",
    D.transact,
    [utf8("+OK\r\n")],
    transact.encodeRepliesAnswer,
    transact.decodeRepliesAnswer,
  ),
  sample("not-transacted", D.transact, undefined, transact.encodeRepliesAnswer, transact.decodeRepliesAnswer),
  sample(
    "attempt",
    attempt.ATTEMPT_METHOD,
    {
      life: 77,
      sentMs: 123_456,
      patienceMs: 4_000,
      wallMs: 1_700_000_000_000,
      stamp: { dot, hlc: { wallMs: 1_700_000_000_001, logical: 2 } },
      method: D.forward,
      payload: utf8("the request"),
    },
    (each) => attempt.encodeAttempt(epoch, each),
    attempt.decodeAttempt,
  ),
  sample(
    "attempt-unstamped",
    attempt.ATTEMPT_METHOD,
    {
      life: 77,
      sentMs: 123_456,
      patienceMs: 4_000,
      wallMs: 1_700_000_000_000,
      stamp: undefined,
      method: D.transact,
      payload: utf8("the request"),
    },
    (each) => attempt.encodeAttempt(epoch, each),
    attempt.decodeAttempt,
  ),
  sample(
    "flush-keys",
    D.flushKeys,
    { epoch, database: 3, from: 65_536, to: 1_000_000_000, rowsMax: 100, write: "quorum" } as const,
    sweep.encodeFlushKeys,
    sweep.decodeFlushKeys,
  ),

  sample(
    "compare-sums",
    X.compareSums,
    { epoch, nodes: [node, { ...node, firstSlot: 16 }] },
    exchange.encodeCompareSums,
    exchange.decodeCompareSums,
  ),
  sample("compared-sums", X.compareSums, [undefined, children], exchange.encodeComparedSums, (bytes) =>
    exchange.decodeComparedSums(bytes, [
      { ...node, depth: 1 },
      { ...node, depth: 1 },
    ]),
  ),
  sample("list-rows", X.listRows, { epoch, spans: [span] }, exchange.encodeListRows, exchange.decodeListRows),
  sample(
    "listed-hashes",
    X.listRows,
    [{ upTo: utf8("up to"), hashes: [hash, 1n] }],
    exchange.encodeListedHashes,
    exchange.decodeListedHashes,
  ),
  sample(
    "settle-rows",
    X.settleRows,
    { epoch, asked: [{ span, wanted: [hash], offered: [1n, 2n] }] },
    exchange.encodeSettleRows,
    exchange.decodeSettleRows,
  ),
  sample(
    "settled-rows",
    X.settleRows,
    [{ upTo: utf8(""), lacking: new Set([hash]), rows }],
    exchange.encodeSettledRows,
    exchange.decodeSettledRows,
  ),
  sample(
    "fetch-rows",
    X.fetchRows,
    { epoch, first: 5, last: 900, after: utf8("a row key") },
    exchange.encodeFetchRows,
    exchange.decodeFetchRows,
  ),
  sample("give-rows", X.giveRows, { epoch, rows }, exchange.encodeGiveRows, exchange.decodeGiveRows),
  sample("refused-rows", X.giveRows, 300, exchange.encodeRefusedCount, exchange.decodeRefusedCount),

  sample("tell-life", G.tellLife, epoch, agreement.encodeEpoch, agreement.decodeEpoch),
  sample("life", G.tellLife, { life: dot.actor, atMs: 123_456 }, agreement.encodeLife, agreement.decodeLife),
  sample(
    "agree",
    G.agree,
    { epoch, life: dot.actor, atMs: 123_456, groups: [{ spans: [{ first: 5, last: 9 }], seen: vector }] },
    agreement.encodeAgree,
    agreement.decodeAgree,
  ),
  sample("agreed", G.agree, 1, agreement.encodeDone, agreement.decodeDone),
  sample(
    "drop-rows",
    G.dropRows,
    { epoch, rows: [{ database: 3, key: utf8("row key"), hash }] },
    (each) => agreement.encodeDropRows(each.epoch, each.rows),
    agreement.decodeDropRows,
  ),
  sample("tell-state", G.tellState, epoch, agreement.encodeEpoch, agreement.decodeEpoch),
  sample(
    "state",
    G.tellState,
    { life: dot.actor, settled: vector, isEmptyHanded: true, wallMs: 1_700_000_000_000 },
    agreement.encodeState,
    agreement.decodeState,
  ),

  sample(
    "gossip-digests",
    GOSSIP_METHOD,
    {
      kind: "digests",
      clusterId: "c1",
      replyTo: "10.0.0.1:16379",
      isWhole: true,
      digests: [{ id: A, generation: 5, version: 6 }],
    } as const,
    encodeGossip,
    decodeGossip,
  ),
  sample(
    "gossip-states",
    GOSSIP_METHOD,
    {
      kind: "states",
      clusterId: "c1",
      replyTo: "10.0.0.1:16379",
      states: [stateOf(A)],
      wanted: [B],
    } as const,
    encodeGossip,
    decodeGossip,
  ),
  sample("greeting", GREET_METHOD, greets, greeting.encodeGreeting, greeting.decodeGreeting),
  sample("plans", PLANS_METHOD, { founding, topology: moving }, encodeClusterPlans, decodeClusterPlans),
  sample("join", JOIN_METHOD, greets, greeting.encodeGreeting, greeting.decodeGreeting),
  sample(
    "replace",
    REPLACE_METHOD,
    { replaced: A, greeting: greets },
    greeting.encodeReplaceRequest,
    greeting.decodeReplaceRequest,
  ),
  sample("topology", MOVE_METHOD, founding, encodeTopology, decodeTopology),
  sample("topology-moving", MOVE_METHOD, moving, encodeTopology, decodeTopology),
  sample("topology-keyspaces", MOVE_METHOD, keyspaces, encodeTopology, decodeTopology),
  sample("move-report", MOVE_METHOD, report, encodeMoveReport, decodeMoveReport),
  sample(
    "move-report-1",
    MOVE_METHOD,
    { ...report, unseen: [], slots: 0, slotsDone: 0, rows: 0, bytes: 0 },
    undefined,
    decodeMoveReport,
  ),
  sample(
    "prepare",
    REGISTER_METHOD,
    { kind: "prepare", ballot } as const,
    encodeAcceptorRequest,
    decodeAcceptorRequest,
  ),
  sample(
    "accept",
    REGISTER_METHOD,
    { kind: "accept", ballot, value: encodeTopology(founding) } as const,
    encodeAcceptorRequest,
    decodeAcceptorRequest,
  ),
  sample(
    "promised",
    REGISTER_METHOD,
    { kind: "promised", ballot, accepted: { ballot, value: utf8("value") } } as const,
    encodeAcceptorReply,
    decodeAcceptorReply,
  ),
  sample(
    "accepted",
    REGISTER_METHOD,
    { kind: "accepted", ballot } as const,
    encodeAcceptorReply,
    decodeAcceptorReply,
  ),
  sample(
    "conflict",
    REGISTER_METHOD,
    { kind: "conflict", ballot, promised: { ...ballot, counter: 5 } } as const,
    encodeAcceptorReply,
    decodeAcceptorReply,
  ),
];

function errorPayload(each: StoreError): Uint8Array {
  const writer = new FrameWriter();
  writer.begin(4, 0, 1);
  writeFailure(each, writer);
  const { payloadBytes } = writer;
  writer.end();
  return writer.view().slice(-payloadBytes);
}
