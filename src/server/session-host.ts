/** What a session has of its server; `S` is the session's own type. */
import type { Logger } from "../base/logger.ts";
import type { StorageNode } from "../node/node.ts";
import type { NodeSettings } from "../node/settings.ts";
import type { KeyRef } from "../replication/step.ts";
import type { Watch } from "../replication/watch-board.ts";
import type { Reply } from "../resp/reply.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Request } from "../resp/request.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { Answer } from "./command-shape.ts";
import type { KeyClaim } from "./key-claims.ts";
import type { Outbox } from "./outbox.ts";
import type { Statistics } from "./statistics.ts";
import type { TransactionBuffers } from "./transaction-buffers.ts";

export interface SessionHost<S> {
  readonly runtime: { readonly clock: Pick<Clock, "wallMs" | "defer"> };
  readonly node: StorageNode;
  readonly settings: Pick<NodeSettings, "password" | "valueBytesMax">;
  readonly limits: Pick<ClientLimits, "replyBytesMax" | "unsentBytesMax">;
  readonly logger: Logger;
  readonly statistics: Statistics;
  readonly sessions: { delete(id: number): boolean };
  /** Shared by all sessions of a server. */
  readonly request: Request;
  readonly writer: ReplyWriter;
  readonly outbox: Outbox;
  /** Of a cluster's clients: what a request may run beside; undefined, all run one after the other. */
  readonly claims: { claimOf(request: Request): KeyClaim | undefined } | undefined;
  readonly dispatcher: {
    dispatch(session: S, request: Request): Answer | Promise<Answer>;
    refusal(cause: unknown): Reply;
  };
  /** How the session is told of the keys it watches; undefined: by this node's own copy. */
  watchElsewhere(session: S): ((ref: KeyRef, wallMs: number) => Promise<Watch>) | undefined;
  /** Wall time of the present turn. */
  readonly wallMs: number;
  /** How long requests of the present turn took; roughly, since short ones are not timed. */
  readonly busyMicros: number;
  readonly transactionBuffers: TransactionBuffers<S>;
  beginTurn(): void;
  endTurn(): void;
  onClientBytes(difference: number): void;
  /** The session is to be closed once its client has taken all replies. */
  onSessionLeaving(session: S): void;
  onSessionClosed(session: S, cause: Error | undefined): void;
}
