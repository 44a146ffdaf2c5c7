/** This node's end of all connections between nodes: those it makes, those it accepts, and who answers what comes. */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { PayloadWriter } from "../../peer/frame-writer.ts";
import type { PeerAddress, PeerIdentity } from "../../peer/peer-identity.ts";
import { PeerServer, type PeerServerStatistics } from "../../peer/peer-server.ts";
import { DEFAULT_PEER_LIMITS } from "../../peer/peer-settings.ts";
import { Peers } from "../../peer/peers.ts";
import type { AnswerReceiver, PeerCalls } from "../../replication/replica-calls.ts";
import { systemCode } from "../../runtime/io-error.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { formatAddress } from "./address.ts";
import { type CallTrace, CallTraces } from "./call-trace.ts";
import type { PeerDoor } from "./peer-door.ts";
import { TRACED_METHOD } from "./trace-message.ts";
import { answerTraced, TracedCalls, type UntracedCall } from "./traced-calls.ts";

/** What both ends of a connection must call the cluster. Whose member somebody is, the topology tells. */
const HANDSHAKE_NAME = "kvorum";
/** A node that comes back is found so soon. */
const BACK_OFF_MS_MAX = 1_000;
/** Below what a request waits for its quorum: so others take over for a node that stands still before it fails. */
const SILENT_MS = 3_000;

export class PeerStation implements PeerCalls {
  readonly identity: PeerIdentity;
  readonly peers: Peers;
  readonly door: PeerDoor;
  /** Of the requests to other nodes, and of those that come. */
  readonly traces: CallTraces;
  readonly #tracedCalls = new TracedCalls();
  readonly #server: PeerServer;

  constructor(parts: {
    readonly runtime: Runtime;
    readonly logger: Logger;
    readonly identity: PeerIdentity;
    readonly secret: Uint8Array;
    /** See HandshakeSettings. */
    readonly speaks: number | undefined;
    readonly door: PeerDoor;
  }) {
    const { runtime, logger, identity, secret, speaks, door } = parts;
    const limits = { ...DEFAULT_PEER_LIMITS, backOffMaxMs: BACK_OFF_MS_MAX, silentMs: SILENT_MS };
    const settings = { ...limits, self: identity, clusterId: HANDSHAKE_NAME, secret, speaks };
    this.identity = identity;
    this.door = door;
    this.traces = new CallTraces(runtime);
    door.serve([TRACED_METHOD], (_, traced, from, reply) =>
      answerTraced(this.traces, traced, reply, (method, payload) =>
        door.onRequest(from, method, payload, reply),
      ),
    );
    this.peers = new Peers({ runtime, logger, settings });
    this.#server = new PeerServer({ runtime, handler: door, logger, settings });
  }

  /** Resolves to where it listens. Rejects with StoreError INVALID_SETTING. */
  async listen(address: PeerAddress): Promise<PeerAddress> {
    try {
      return await this.#server.listen(address);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      const reason = systemCode(cause) === "EADDRINUSE" ? "the port is taken" : cause.message;
      const text = `cannot listen for other nodes on ${formatAddress(address)} (settings peer-host, peer-port): ${reason}`;
      throw new StoreError("INVALID_SETTING", "not-applied", text, { cause });
    }
  }

  call(to: string, method: number, payload: Uint8Array, options: { readonly timeoutMs: number }) {
    const trace = this.traces.current;
    if (trace === undefined) return this.peers.link(to).call(method, payload, options);
    return new Promise<Uint8Array>((resolve, reject) => {
      const receiver: AnswerReceiver = {
        onReply: (_, { bytes, start, end }) => resolve(bytes.slice(start, end)),
        onFailure: (_, failure) => reject(failure),
      };
      const range = { bytes: payload, start: 0, end: payload.length };
      const refusal = this.#sendTraced(trace, { to, method, payload: range }, receiver, options.timeoutMs);
      if (refusal !== undefined) reject(refusal);
    });
  }

  /** As `call`, without a promise: see PeerCalls. Hot. */
  request(
    to: string,
    method: number,
    payload: Uint8Array,
    receiver: AnswerReceiver,
    timeoutMs: number,
  ): StoreError | undefined {
    const link = this.peers.link(to);
    const write = (writer: PayloadWriter): void => writer.bytes(payload);
    const trace = this.traces.current;
    if (trace === undefined) return link.request(method, write, receiver, timeoutMs);
    const range = { bytes: payload, start: 0, end: payload.length };
    return this.#sendTraced(trace, { to, method, payload: range }, receiver, timeoutMs);
  }

  /** As `request`, without a closure. Hot. */
  requestRange(
    to: string,
    method: number,
    payload: ByteRange,
    receiver: AnswerReceiver,
    timeoutMs: number,
  ): StoreError | undefined {
    const link = this.peers.link(to);
    const trace = this.traces.current;
    if (trace === undefined) return link.request(method, payload, receiver, timeoutMs);
    return this.#sendTraced(trace, { to, method, payload }, receiver, timeoutMs);
  }

  #sendTraced(
    trace: CallTrace,
    call: UntracedCall,
    receiver: AnswerReceiver,
    timeoutMs: number,
  ): StoreError | undefined {
    const link = this.peers.link(call.to);
    return this.#tracedCalls.send(trace, call, receiver, (method, write, told) =>
      link.request(method, write, told, timeoutMs),
    );
  }

  /** Where to find a node from now on, and connects to it. */
  know(id: string, address: PeerAddress): void {
    if (id === this.identity.id) return;
    this.peers.setAddresses([[id, address]]);
    this.peers.link(id).open();
  }

  statistics(): PeerServerStatistics {
    return this.#server.statistics();
  }

  async close(): Promise<void> {
    await this.#server.close();
    this.peers.close();
  }
}
