/** Where other nodes reach this one: accepts their connections and keeps what they cost within bounds. */
import type { Cancel, Connection, Listener, Runtime } from "../runtime/runtime.ts";
import type { PeerAddress, PeerId } from "./peer-identity.ts";
import { PeerSession, type SessionOwner, type SessionParts } from "./peer-session.ts";

export interface PeerServerParts extends SessionParts {
  readonly runtime: Pick<Runtime, "clock" | "network" | "random">;
}

export interface PeerServerStatistics {
  /** Connections that have proved who they are, and those that have not yet. */
  readonly sessions: number;
  readonly unauthenticated: number;
  readonly accepted: number;
  /** Requests whose handler has not finished. */
  readonly running: number;
  readonly queuedBytes: number;
}

const TICK_MS = 250;
/** How long a closing server waits for handlers to finish, and for peers to take their answers. */
const CLOSE_PATIENCE_MS = 5_000;

export class PeerServer implements SessionOwner {
  readonly #parts: PeerServerParts;
  readonly #sessions = new Set<PeerSession>();
  /** In the order they came. */
  readonly #unauthenticated = new Set<PeerSession>();
  #accepted = 0;
  #listener: Listener | undefined;
  #cancelTick: Cancel | undefined;
  #isClosing = false;
  #whenEmpty: (() => void) | undefined;

  constructor(parts: PeerServerParts) {
    this.#parts = parts;
  }

  /** Resolves to where it listens. Rejects with StoreError IO. Call once. */
  async listen({ host, port }: PeerAddress): Promise<PeerAddress> {
    const { network, clock } = this.#parts.runtime;
    const onAcceptFailure = (cause: Error): void => {
      this.#parts.logger.error({ cause }, "cannot accept connections of peers");
    };
    const listener = await network.listen({ host, port, onAcceptFailure }, (connection) =>
      this.#accept(connection),
    );
    this.#listener = listener;
    this.#cancelTick = clock.every(TICK_MS, () => this.#tick());
    return { host: listener.host, port: listener.port };
  }

  statistics(): PeerServerStatistics {
    let running = 0;
    let queuedBytes = 0;
    for (const session of this.#sessions) {
      running += session.runningCount;
      queuedBytes += session.queuedBytes;
    }
    const sessions = this.#sessions.size;
    return {
      sessions,
      unauthenticated: this.#unauthenticated.size,
      accepted: this.#accepted,
      running,
      queuedBytes,
    };
  }

  /** Takes no more requests, answers those that run, ends all connections. Resolves within some seconds. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await this.#listener?.close();
    for (const session of [...this.#unauthenticated]) session.drop("the node is closing");
    for (const session of [...this.#sessions]) session.close();
    await this.#emptyOrLate();
    for (const session of [...this.#sessions]) session.drop("the node is closing");
    this.#cancelTick?.();
  }

  onAuthenticated(session: PeerSession): void {
    this.#unauthenticated.delete(session);
    this.#sessions.add(session);
    this.#boundSessionsOf(session.peer!.id);
    if (this.#isClosing) session.close();
  }

  onGone(session: PeerSession): void {
    this.#unauthenticated.delete(session);
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#whenEmpty?.();
  }

  #accept(connection: Connection): void {
    if (this.#isClosing) {
      connection.destroy();
      return;
    }
    this.#accepted++;
    const session = new PeerSession(connection, this.#parts, this);
    this.#unauthenticated.add(session);
    session.start();
    if (this.#unauthenticated.size <= this.#parts.settings.unauthenticatedMax) return;
    // The oldest: who is honest says who he is in a moment.
    const [oldest] = this.#unauthenticated;
    oldest!.drop("too many connections have not said who they are");
  }

  /** A node that has lost its connection and made another one leaves the old one behind. */
  #boundSessionsOf(id: PeerId): void {
    const same = [...this.#sessions].filter((session) => session.peer?.id === id);
    const surplus = same.length - this.#parts.settings.sessionsPerPeerMax;
    for (const session of same.slice(0, Math.max(0, surplus))) session.drop("it has made others since");
  }

  #tick(): void {
    const nowMs = this.#parts.runtime.clock.monotonicMs();
    for (const session of [...this.#unauthenticated, ...this.#sessions]) session.onTick(nowMs);
  }

  async #emptyOrLate(): Promise<void> {
    if (this.#sessions.size === 0) return;
    const patience = new AbortController();
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    const late = this.#parts.runtime.clock.sleep(CLOSE_PATIENCE_MS, patience.signal).catch(() => undefined);
    await Promise.race([empty, late]);
    patience.abort();
  }
}
