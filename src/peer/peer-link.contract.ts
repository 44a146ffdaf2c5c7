/** What a link and a server must do for each other over any network. Run over the real one and the simulated one. */
import { expect, test } from "vitest";
import { type ByteRange, toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PayloadWriter } from "./frame-writer.ts";
import type { PeerId } from "./peer-identity.ts";
import type { PeerLink, ReplyReceiver } from "./peer-link.ts";
import { PeerServer } from "./peer-server.ts";
import type { PeerHandler } from "./peer-session.ts";
import { DEFAULT_PEER_LIMITS, type PeerSettings } from "./peer-settings.ts";
import { Peers } from "./peers.ts";

export const NEAR = "000000000000000a";
export const FAR = "000000000000000b";
export const PATIENCE = { timeoutMs: 20_000 };

/** What the far node does, by method. */
export const METHOD = {
  echo: 1,
  later: 2,
  refuse: 3,
  fail: 4,
  long: 5,
  never: 6,
  note: 7,
  untaken: 8,
} as const;

export class FarHandler implements PeerHandler {
  readonly notes: string[] = [];
  readonly asked: string[] = [];
  /** Answers of `later` and `never` wait here. */
  readonly waiting: (() => void)[] = [];

  onRequest(from: PeerId, method: number, { bytes, start, end }: ByteRange, reply: PayloadWriter) {
    const payload = bytes.slice(start, end);
    if (payload.length < 100) this.asked.push(`${from} ${toText(payload)}`);
    if (method === METHOD.echo) return reply.bytes(payload);
    reply.bytes(utf8("to be forgotten"));
    if (method === METHOD.later) return Promise.resolve().then(() => payload);
    if (method === METHOD.refuse) throw new StoreError("TOO_MANY_SIBLINGS", "not-applied", "enough");
    if (method === METHOD.fail) throw new TypeError("a bug");
    if (method === METHOD.long) return new Uint8Array(Number(toText(payload))).fill(7);
    return new Promise<Uint8Array>((resolve) => this.waiting.push(() => resolve(payload)));
  }

  onMessage(from: PeerId, method: number, { bytes, start, end }: ByteRange): void {
    if (method === METHOD.untaken) throw new StoreError("INVALID_REQUEST", "not-applied", "nobody takes it");
    expect(method).toBe(METHOD.note);
    this.notes.push(`${from} ${toText(bytes.slice(start, end))}`);
  }
}

/** Keeps what a node logs. */
export class LogLines implements Logger {
  readonly lines: string[] = [];
  readonly debug = (): void => undefined;
  readonly info = (fields: object, message: string): void => this.#keep("info", fields, message);
  readonly warn = (fields: object, message: string): void => this.#keep("warn", fields, message);
  readonly error = (fields: object, message: string): void => this.#keep("error", fields, message);

  #keep(level: string, fields: object, message: string): void {
    this.lines.push(`${level} ${message} ${"reason" in fields ? fields.reason : ""}`);
  }
}

export function settingsOf(id: PeerId, changed: Partial<PeerSettings> = {}): PeerSettings {
  const self = { id, incarnation: 1 };
  return { ...DEFAULT_PEER_LIMITS, self, clusterId: "orders", secret: utf8("tell nobody"), ...changed };
}

export interface FarNode {
  readonly server: PeerServer;
  readonly handler: FarHandler;
  readonly logger: LogLines;
  readonly port: number;
}

export async function startFarNode(
  runtime: Runtime,
  host: string,
  changed: Partial<PeerSettings> = {},
  port = 0,
): Promise<FarNode> {
  const handler = new FarHandler();
  const logger = new LogLines();
  const server = new PeerServer({ runtime, handler, logger, settings: settingsOf(FAR, changed) });
  const address = await server.listen({ host, port });
  return { server, handler, logger, port: address.port };
}

/** Keeps what became of requests, in order. */
export class Receiver implements ReplyReceiver {
  readonly ends: string[] = [];
  #wanted = 0;
  #resolve: (() => void) | undefined;

  onReply(_: PeerLink, { bytes, start, end }: ByteRange): void {
    this.#note(toText(bytes.slice(start, end)));
  }

  onFailure(_: PeerLink, { code, outcome }: StoreError): void {
    this.#note(`${code} ${outcome}`);
  }

  /** Resolves when so many requests have ended. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = count;
      this.#resolve = resolve;
    });
  }

  #note(end: string): void {
    this.ends.push(end);
    if (this.ends.length === this.#wanted) this.#resolve?.();
  }
}

/** Runs `body` to its end in a world where two nodes live, the far one at `host`. */
export type InTwoNodes = (
  body: (near: Runtime, far: Runtime, host: string) => Promise<void>,
) => Promise<void>;

interface Cast {
  readonly link: PeerLink;
  readonly peers: Peers;
  readonly far: FarNode;
  readonly logger: LogLines;
}

export function testPeerLink(name: string, inTwoNodes: InTwoNodes): void {
  const check = (
    what: string,
    body: (cast: Cast) => Promise<void>,
    changed: { readonly near?: Partial<PeerSettings>; readonly far?: Partial<PeerSettings> } = {},
  ): void => {
    test(`${name}: ${what}`, () =>
      inTwoNodes(async (nearRuntime, farRuntime, host) => {
        const far = await startFarNode(farRuntime, host, changed.far);
        const logger = new LogLines();
        const peers = new Peers({ runtime: nearRuntime, logger, settings: settingsOf(NEAR, changed.near) });
        const link = peers.link(FAR);
        link.setAddress({ host, port: far.port });
        await body({ link, peers, far, logger });
        peers.close();
        await far.server.close();
      }));
  };

  check("many requests at once are answered, each with its own answer", async ({ link, far }) => {
    const texts = Array.from({ length: 500 }, (_, i) => `request ${i}`);
    const answers = await Promise.all(
      texts.map((text, i) => link.call(i % 3 === 0 ? METHOD.later : METHOD.echo, utf8(text), PATIENCE)),
    );
    expect(answers.map(toText)).toEqual(texts);
    expect(far.handler.asked).toEqual(texts.map((text) => `${NEAR} ${text}`));
    expect(link.peer).toEqual({ id: FAR, incarnation: 1 });
    expect(link.statistics()).toMatchObject({
      inFlight: 0,
      connects: 1,
      requests: 500,
      timeouts: 0,
      oldestAgeMs: 0,
    });
    expect(link.statistics().averageMs).toBeGreaterThan(0);
  });

  check("long payloads pass both ways", async ({ link }) => {
    const long = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    expect(Buffer.compare(await link.call(METHOD.echo, long, PATIENCE), long)).toBe(0);
    expect(await link.call(METHOD.long, utf8("2000000"), PATIENCE)).toHaveLength(2_000_000);
  });

  check("errors of the handler arrive with code and outcome", async ({ link, far }) => {
    const refused = link.call(METHOD.refuse, utf8(""), PATIENCE);
    await expect(refused).rejects.toMatchObject({
      code: "TOO_MANY_SIBLINGS",
      outcome: "not-applied",
      message: "enough",
    });
    const failed = link.call(METHOD.fail, utf8(""), PATIENCE);
    await expect(failed).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
    expect(far.logger.lines).toContain("error a request of a peer failed ");
    expect(toText(await link.call(METHOD.echo, utf8("still here"), PATIENCE))).toBe("still here");
  });

  check("what needs no answer arrives in order", async ({ link, far }) => {
    for (let i = 0; i < 50; i++)
      expect(link.send(METHOD.note, (payload) => payload.bytes(utf8(`${i}`)))).toBe(undefined);
    await link.call(METHOD.echo, utf8("the last"), PATIENCE);
    expect(far.handler.notes).toEqual(Array.from({ length: 50 }, (_, i) => `${NEAR} ${i}`));
  });

  check(
    "what is too long is refused, and nothing else is harmed",
    async ({ link }) => {
      const refused = link.call(METHOD.echo, new Uint8Array(1001), PATIENCE);
      await expect(refused).rejects.toMatchObject({ code: "INVALID_REQUEST", outcome: "not-applied" });
      expect(await link.call(METHOD.echo, new Uint8Array(1000), PATIENCE)).toHaveLength(1000);
      const answer = link.call(METHOD.long, utf8("1001"), PATIENCE);
      await expect(answer).rejects.toMatchObject({ code: "INVALID_REQUEST" });
      expect(link.statistics()).toMatchObject({ connects: 1, inFlight: 0 });
    },
    { near: { payloadBytesMax: 1000 }, far: { payloadBytesMax: 1000 } },
  );

  check(
    "past the number of requests in flight, the next is refused at once",
    async ({ link, far }) => {
      const receiver = new Receiver();
      const ask = (): StoreError | undefined => {
        return link.request(METHOD.later, (payload) => payload.uint8(0x61), receiver, 60_000);
      };
      expect([ask(), ask(), ask()]).toEqual([undefined, undefined, undefined]);
      expect(ask()).toMatchObject({ code: "OVERLOADED", outcome: "not-applied" });
      expect(link.statistics()).toMatchObject({ inFlight: 3, overloads: 1 });
      await receiver.until(3);
      expect(far.handler.asked).toHaveLength(3);
      expect(receiver.ends).toEqual(["a", "a", "a"]);
    },
    { near: { inFlightMax: 3 } },
  );

  check(
    "with another secret nobody gets in, and both ends say why",
    async ({ link, far, logger }) => {
      const refused = link.call(METHOD.echo, utf8("x"), PATIENCE);
      await expect(refused).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
      expect(far.handler.asked).toEqual([]);
      expect(logger.lines[0]).toMatch(/^warn cannot reach peer refused \(secret\): .*same cluster secret/);
      expect(far.logger.lines[0]).toMatch(/^warn refused a connection secret: .*same cluster secret/);
    },
    { near: { secret: utf8("guess") } },
  );

  check(
    "another cluster's node is refused, and both ends say why",
    async ({ link, far, logger }) => {
      await expect(link.call(METHOD.echo, utf8("x"), PATIENCE)).rejects.toMatchObject({
        outcome: "not-applied",
      });
      expect(logger.lines[0]).toMatch(/refused \(cluster\): the clusters differ/);
      expect(far.logger.lines[0]).toMatch(/cluster: the clusters differ/);
    },
    { far: { clusterId: "users" } },
  );

  check(
    "a node that finds itself at an address says so once, and warns nobody",
    async ({ peers, link, far, logger }) => {
      const own = peers.stranger(link.address!);
      await expect(own.call(METHOD.echo, utf8("x"), PATIENCE)).rejects.toMatchObject({
        outcome: "not-applied",
      });
      expect(own.isItself).toBe(true);
      expect(logger.lines[0]).toMatch(/^info cannot reach peer refused \(itself\): .*its own, or a copy/);
      expect([...logger.lines, ...far.logger.lines].filter((line) => line.startsWith("warn"))).toEqual([]);
      peers.release(own);
    },
    { far: { self: { id: NEAR, incarnation: 1 } } },
  );

  check("whoever lives at an address can be asked for", async ({ peers, link }) => {
    await link.call(METHOD.echo, utf8("x"), PATIENCE);
    const stranger = peers.stranger(link.address!);
    expect(toText(await stranger.call(METHOD.echo, utf8("who?"), PATIENCE))).toBe("who?");
    expect(stranger.peer).toEqual({ id: FAR, incarnation: 1 });
    peers.release(stranger);
    expect(link.state).toBe("connected");
  });

  check("a closed link has ended all its requests, and takes no more", async ({ link, peers }) => {
    await link.call(METHOD.echo, utf8("x"), PATIENCE);
    const hanging = link.call(METHOD.never, utf8("x"), PATIENCE);
    peers.forget(FAR);
    await expect(hanging).rejects.toMatchObject({ code: "CLOSED", outcome: "unknown" });
    await expect(link.call(METHOD.echo, utf8("x"), PATIENCE)).rejects.toMatchObject({
      code: "CLOSED",
      outcome: "not-applied",
    });
  });

  check("a closing server answers what it has begun, and refuses the rest", async ({ link, far }) => {
    const begun = link.call(METHOD.never, utf8("begun"), PATIENCE);
    while (far.handler.waiting.length === 0) await link.call(METHOD.echo, utf8("x"), PATIENCE);
    const closed = far.server.close();
    const late = link.call(METHOD.echo, utf8("late"), PATIENCE);
    await expect(late).rejects.toMatchObject({ code: "CLOSED", outcome: "not-applied" });
    far.handler.waiting[0]!();
    expect(toText(await begun)).toBe("begun");
    await closed;
  });
}
