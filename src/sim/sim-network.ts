/**
 * The network between simulated hosts: who listens where, which connections there are, and the faults. A host
 * is reached by its name; "localhost", "127.0.0.1" and "0.0.0.0" mean the host itself.
 */
import { ioError } from "../runtime/io-error.ts";
import type { Connection, ConnectOptions, Listener, ListenOptions, Network } from "../runtime/runtime.ts";
import type { Life } from "./life.ts";
import { SimConnection } from "./sim-connection.ts";
import type { SimLinks } from "./sim-links.ts";
import type { SimRandom } from "./sim-random.ts";
import { systemError } from "./system-error.ts";

const OWN_NAMES = ["localhost", "127.0.0.1", "0.0.0.0", "::", "::1"];
const READ_BYTES = 64 * 1024;
const FIRST_FREE_PORT = 30_000;
const NAME_LOOKUP_MS = 1;
/** A first packet that is lost is sent again after that. */
const FIRST_RETRANSMIT_MS = 1_000;
/** One write in so many does not get out at once. */
const STALL_ODDS = 64;

export type Trace = (what: string, bytes?: Uint8Array) => void;

/** The process that listens or connects, on its host. */
interface Owner {
  readonly hostName: string;
  readonly life: Life;
  readonly readBuffer: Uint8Array;
}

interface Binding {
  readonly owner: Owner;
  readonly accept: (connection: Connection) => void;
}

interface End {
  readonly owner: Owner;
  readonly otherHost: string;
  readonly connection: SimConnection;
  /** What it sends gets lost. */
  isMute: boolean;
}

export class SimNetwork {
  readonly links: SimLinks;
  /** Now and then a write is not taken at once, as by a full socket buffer; `onDrain` follows. */
  stallsWrites = true;
  readonly #random: SimRandom;
  readonly #trace: Trace | undefined;
  readonly #hostNames = new Set<string>();
  readonly #bindings = new Map<string, Binding>();
  readonly #ends = new Set<End>();
  #nextPort = FIRST_FREE_PORT;

  constructor(links: SimLinks, random: SimRandom, trace: Trace | undefined) {
    this.links = links;
    this.#random = random;
    this.#trace = trace;
  }

  /** The network as one process sees it. */
  attach(hostName: string, life: Life): Network {
    this.#hostNames.add(hostName);
    const owner = { hostName, life, readBuffer: new Uint8Array(READ_BYTES) };
    return {
      listen: (options, accept) => this.#listen(owner, options, accept),
      connect: (options) => this.#connect(owner, options),
    };
  }

  /** The process of `life` is gone. If its system lives on, that closes what was open. */
  detach(life: Life, { told }: { readonly told: boolean }): void {
    for (const [address, { owner }] of this.#bindings) {
      if (owner.life === life) this.#bindings.delete(address);
    }
    for (const { owner, connection } of [...this.#ends]) {
      if (owner.life !== life) continue;
      if (told) connection.destroy();
      else connection.vanish();
    }
  }

  /** Breaks every connection between two hosts, anywhere in what is under way; both ends are told. */
  reset(a: string, b: string): void {
    for (const { connection } of this.#endsBetween(a, b)) connection.tear("ECONNRESET");
  }

  /** The system of host `a` breaks its connections with `b`, which hears of it when it next sends something. */
  forget(a: string, b: string): void {
    for (const { owner, connection } of this.#endsBetween(a, b)) {
      if (owner.hostName === a) connection.fail("ECONNRESET");
    }
  }

  /** The connections there are between two hosts carry nothing any more, and nobody is told. */
  mute(a: string, b: string): void {
    for (const end of this.#endsBetween(a, b)) end.isMute = true;
  }

  #endsBetween(a: string, b: string): End[] {
    return [...this.#ends].filter(({ owner: { hostName }, otherHost }) =>
      hostName === a ? otherHost === b : hostName === b && otherHost === a,
    );
  }

  async #listen(owner: Owner, { host, port }: ListenOptions, accept: Binding["accept"]): Promise<Listener> {
    const taken = port === 0 ? this.#freePort() : port;
    const address = `${owner.hostName}:${taken}`;
    const code = this.#listenProblem(owner, host, address);
    const binding = { owner, accept };
    if (code === undefined) this.#bindings.set(address, binding);
    await owner.life.wait(0);
    if (code !== undefined)
      throw ioError("not-applied", `cannot listen on ${host}:${port}`, systemError(code));
    const close = async (): Promise<void> => {
      if (this.#bindings.get(address) === binding) this.#bindings.delete(address);
    };
    return { host, port: taken, close };
  }

  #listenProblem(owner: Owner, host: string, address: string): string | undefined {
    if (this.#resolve(owner, host) !== owner.hostName) return "EADDRNOTAVAIL";
    return this.#bindings.has(address) ? "EADDRINUSE" : undefined;
  }

  #connect(owner: Owner, { host, port, timeoutMs }: ConnectOptions): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const { life, hostName: from } = owner;
      let isOver = false;
      const fail = (code: string): void => {
        if (isOver) return;
        isOver = true;
        cancelTimeout();
        reject(ioError("not-applied", `cannot connect to ${host}:${port}`, systemError(code)));
      };
      const cancelTimeout = life.after(timeoutMs, () => fail("ETIMEDOUT"));
      const to = this.#resolve(owner, host);
      if (!this.#hostNames.has(to)) {
        life.plan(NAME_LOOKUP_MS, () => fail("ENOTFOUND"));
        return;
      }
      const retransmitMs = FIRST_RETRANSMIT_MS;
      const answer = (arrive: () => void): void =>
        this.links.transmit({ link: this.links.between(to, from), retransmitMs, arrive });
      const arrive = (): void => {
        const binding = isOver || !life.isAlive ? undefined : this.#bindings.get(`${to}:${port}`);
        if (binding === undefined) {
          answer(() => life.plan(0, () => fail("ECONNREFUSED")));
          return;
        }
        const near = this.#pair(owner, binding, port);
        const onAnswer = (): void => {
          if (isOver) near.destroy();
          isOver = true;
          cancelTimeout();
          resolve(near);
        };
        answer(() => life.plan(0, onAnswer));
      };
      const isRetried = (): boolean => !isOver;
      this.links.transmit({ link: this.links.between(from, to), retransmitMs, arrive, isRetried });
    });
  }

  /** Both ends of a new connection; `accept` is told of the far one. */
  #pair(owner: Owner, { owner: farOwner, accept }: Binding, port: number): SimConnection {
    const nearAddress = `${owner.hostName}:${this.#freePort()}`;
    const farAddress = `${farOwner.hostName}:${port}`;
    const near = this.#end({ local: nearAddress, peer: farAddress }, owner, farOwner.hostName);
    const far = this.#end({ local: farAddress, peer: nearAddress }, farOwner, owner.hostName);
    SimConnection.join(near, far);
    farOwner.life.plan(0, () => {
      this.#trace?.(`${farAddress} accepts ${nearAddress}`);
      accept(far);
    });
    return near;
  }

  #end(addresses: { local: string; peer: string }, owner: Owner, otherHost: string): SimConnection {
    const link = this.links.between(owner.hostName, otherHost);
    const connection: SimConnection = new SimConnection(addresses, {
      life: owner.life,
      random: this.#random,
      readBuffer: owner.readBuffer,
      link,
      transmit: (what) => (end.isMute ? this.links.lose(what) : this.links.transmit(what)),
      arrivalMs: () => (end.isMute ? undefined : this.links.arrivalMs(link)),
      plan: (atMs, fire) => this.links.plan(atMs, fire),
      stalls: () => this.stallsWrites && this.#random.oneIn(STALL_ODDS),
      trace: this.#trace,
      forget: () => this.#ends.delete(end),
    });
    const end: End = { owner, otherHost, connection, isMute: false };
    this.#ends.add(end);
    return connection;
  }

  #resolve(owner: Owner, host: string): string {
    return OWN_NAMES.includes(host) ? owner.hostName : host;
  }

  #freePort(): number {
    return this.#nextPort++;
  }
}
