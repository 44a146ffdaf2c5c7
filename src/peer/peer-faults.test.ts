/** Links in a world where networks and nodes fail. */
import { describe, expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import type { StoreError } from "../base/errors.ts";
import type { Connection } from "../runtime/runtime.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import type { PayloadWriter } from "./frame-writer.ts";
import {
  FAR,
  type FarNode,
  LogLines,
  METHOD,
  NEAR,
  PATIENCE,
  Receiver,
  settingsOf,
  startFarNode,
} from "./peer-link.contract.ts";
import type { PeerLink } from "./peer-link.ts";
import type { PeerSettings } from "./peer-settings.ts";
import { Peers } from "./peers.ts";

const PORT = 7000;

interface Stage {
  readonly world: SimWorld;
  readonly link: PeerLink;
  readonly logger: LogLines;
  /** Starts the far node, again after a kill. */
  startFar(): Promise<FarNode>;
}

function stage(seed: number, near: Partial<PeerSettings> = {}, far: Partial<PeerSettings> = {}): Stage {
  const world = new SimWorld(seed);
  world.network.stallsWrites = false;
  const logger = new LogLines();
  world.runtime("b");
  const peers = new Peers({ runtime: world.runtime("a"), logger, settings: settingsOf(NEAR, near) });
  const link = peers.link(FAR);
  link.setAddress({ host: "b", port: PORT });
  const startFar = (): Promise<FarNode> => world.runUntil(startFarNode(world.runtime("b"), "b", far, PORT));
  return { world, link, logger, startFar };
}

function echo(link: PeerLink, text: string, timeoutMs = 1_000): Promise<string> {
  return link.call(METHOD.echo, utf8(text), { timeoutMs }).then(toText);
}

/** Code and outcome, or the answer. */
async function endOf(world: SimWorld, call: Promise<unknown>): Promise<unknown> {
  try {
    return await world.runUntil(call);
  } catch (cause) {
    const { code, outcome } = cause as StoreError;
    return `${code} ${outcome}`;
  }
}

describe("a peer that nobody can reach", () => {
  test("refuses at once, says that nothing was applied, and is found when it comes", async () => {
    const { world, link, startFar } = stage(1);
    const before = world.nowMs;
    expect(await endOf(world, echo(link, "x", 60_000))).toBe("IO not-applied");
    expect(world.nowMs - before).toBeLessThan(10);
    expect(link.request(METHOD.echo, () => undefined, new Receiver(), 1_000)).toMatchObject({ code: "IO" });
    await startFar();
    await world.runFor(6_000);
    expect(link.state).toBe("connected");
    expect(await endOf(world, echo(link, "at last"))).toBe("at last");
  });

  test("is tried ever less often, never twice at a time, and told of once", async () => {
    const { world, link, logger } = stage(2);
    link.open();
    await world.runFor(1_000);
    const early = link.statistics().failedAttempts;
    await world.runFor(600_000);
    const attempts = link.statistics().failedAttempts - early;
    expect(early).toBeGreaterThanOrEqual(3);
    // Pauses are 2.5 s on average once they have grown to 5 s at most.
    expect(attempts).toBeGreaterThan(150);
    expect(attempts).toBeLessThan(350);
    expect(logger.lines).toHaveLength(1);
  });

  test("is tried by many nodes at different times", async () => {
    const world = new SimWorld(3);
    world.runtime("b");
    const times: number[] = [];
    const links: PeerLink[] = [];
    for (let i = 0; i < 20; i++) {
      const { clock, network, random } = world.runtime(`a${i}`);
      const connect: typeof network.connect = (options) => {
        times.push(world.nowMs);
        return network.connect(options);
      };
      const runtime = { clock, random, network: { listen: network.listen, connect } };
      const settings = settingsOf(NEAR);
      const link = new Peers({ runtime, logger: new LogLines(), settings }).link(FAR);
      link.setAddress({ host: "b", port: PORT });
      link.open();
      links.push(link);
    }
    await world.runFor(60_000);
    const late = times.filter((ms) => ms > 20_000);
    const perTick = new Map<number, number>();
    for (const ms of late) perTick.set(Math.floor(ms / 100), (perTick.get(Math.floor(ms / 100)) ?? 0) + 1);
    expect(late.length).toBeGreaterThan(200);
    expect(Math.max(...perTick.values())).toBeLessThanOrEqual(6);
  });

  test("is found at its new address at once", async () => {
    const { world, link } = stage(4);
    link.setAddress({ host: "b", port: 1 });
    link.open();
    await world.runFor(60_000);
    expect(link.state).not.toBe("connected");
    await world.runUntil(startFarNode(world.runtime("b"), "b", {}, PORT));
    link.setAddress({ host: "b", port: PORT });
    expect(await endOf(world, echo(link, "moved", 20))).toBe("moved");
  });

  test("is not taken for another node that lives there now", async () => {
    const { world, link, logger, startFar } = stage(
      5,
      {},
      { self: { id: "00000000000000cc", incarnation: 1 } },
    );
    const far = await startFar();
    expect(await endOf(world, echo(link, "x"))).toBe("IO not-applied");
    expect(logger.lines[0]).toContain("node 00000000000000cc lives at this address, not 000000000000000b");
    expect(far.handler.asked).toEqual([]);
  });
});

describe("a peer that dies", () => {
  test("leaves unknown what was sent, and is found again when it is back", async () => {
    const { world, link, startFar } = stage(6);
    await startFar();
    await world.runUntil(echo(link, "x"));
    const sent = link.call(METHOD.never, utf8("x"), PATIENCE);
    await world.runFor(5);
    const late = echo(link, "y"); // leaves with the end of the turn
    world.kill("b");
    expect(
      await Promise.all([endOf(world, sent), late.catch((cause) => `${cause.code} ${cause.outcome}`)]),
    ).toEqual(["IO unknown", "IO unknown"]);
    const again = await startFar();
    await world.runFor(6_000);
    expect(await endOf(world, echo(link, "again"))).toBe("again");
    expect(again.handler.asked).toEqual([`${NEAR} again`]);
    expect(link.statistics().connects).toBe(2);
  });

  test("with what could not be sent yet: that is surely not applied", async () => {
    const { world, link, startFar } = stage(7);
    await startFar();
    await world.runUntil(echo(link, "x"));
    // What is under way fills the window, so that the rest stays here.
    const receiver = new Receiver();
    const long = new Uint8Array(600_000);
    world.partition("a", "b");
    for (let i = 0; i < 3; i++) link.request(METHOD.echo, (payload) => payload.bytes(long), receiver, 60_000);
    await world.runFor(10);
    link.request(METHOD.echo, (payload) => payload.bytes(long), receiver, 60_000);
    await world.runFor(10);
    world.dropConnections("a", "b");
    await world.runFor(10);
    expect(receiver.ends).toEqual(["IO unknown", "IO unknown", "IO not-applied", "IO not-applied"]);
  });

  test("without a word is noticed, and so is one that only one way is cut to", async () => {
    for (const fault of ["crash", "to", "from"] as const) {
      const { world, link, startFar } = stage(8, { silentMs: 3_000 });
      await startFar();
      await world.runUntil(echo(link, "x"));
      if (fault === "crash") world.crash("b");
      if (fault === "to") world.partitionOneWay("a", "b");
      if (fault === "from") world.partitionOneWay("b", "a");
      const sent = link.call(METHOD.never, utf8("x"), { timeoutMs: 60_000 });
      const before = world.nowMs;
      expect(await endOf(world, sent), fault).toBe("IO unknown");
      expect(world.nowMs - before).toBeGreaterThan(2_500);
      expect(world.nowMs - before).toBeLessThan(4_000);
    }
  });

  test("half: the server lets go of a node that vanished", async () => {
    const { world, link, startFar } = stage(9);
    const { server } = await startFar();
    await world.runUntil(echo(link, "x"));
    expect(server.statistics().sessions).toBe(1);
    world.crash("a");
    await world.runFor(4_000);
    expect(server.statistics().sessions).toBe(1);
    await world.runFor(2_000);
    expect(server.statistics().sessions).toBe(0);
  });
});

describe("a connection that is idle", () => {
  test("is kept, and its round trips are known", async () => {
    const { world, link, startFar } = stage(10);
    await startFar();
    link.open();
    await world.runFor(120_000);
    expect(link.statistics()).toMatchObject({ state: "connected", connects: 1 });
    expect(link.statistics().averageMs).toBeGreaterThan(0);
    expect(link.statistics().p99Ms).toBeGreaterThanOrEqual(link.statistics().averageMs / 2);
  });

  test("survives that this node stands still for longer than peers may be silent", async () => {
    const { world, link, startFar } = stage(11, {}, { silentMs: 60_000 });
    await startFar();
    link.open();
    await world.runFor(1_000);
    world.pause("a", 20_000);
    await world.runFor(30_000);
    expect(link.statistics()).toMatchObject({ state: "connected", connects: 1 });
  });
});

describe("time", () => {
  test("runs out for each request by itself, and a late answer goes to nobody else", async () => {
    const { world, link, startFar } = stage(12);
    const { handler } = await startFar();
    await world.runUntil(echo(link, "x"));
    const receiver = new Receiver();
    const startedMs = world.nowMs;
    const endedMs: number[] = [];
    for (const timeoutMs of [5_000, 50, 400]) {
      const noting = {
        onReply: receiver.onReply.bind(receiver),
        onFailure: (from: PeerLink, failure: StoreError) => {
          endedMs.push(world.nowMs - startedMs);
          receiver.onFailure(from, failure);
        },
      };
      link.request(METHOD.never, (payload) => payload.uint8(0x61), noting, timeoutMs);
    }
    await world.runFor(1_000);
    expect(link.oldestAgeMs()).toBeCloseTo(1_000, 0);
    await world.runFor(5_000);
    expect(receiver.ends).toEqual(["IO unknown", "IO unknown", "IO unknown"]);
    for (const [i, dueMs] of [50, 400, 5_000].entries()) {
      expect(endedMs[i]).toBeGreaterThanOrEqual(dueMs);
      expect(endedMs[i]).toBeLessThan(dueMs + 60);
    }
    for (const answer of handler.waiting) answer();
    expect(await endOf(world, echo(link, "next"))).toBe("next");
    expect(receiver.ends).toHaveLength(3);
    expect(link.statistics()).toMatchObject({ timeouts: 3, inFlight: 0 });
  });

  test("that runs out before the connection stands takes the request back: it is never sent", async () => {
    const { world, link, startFar } = stage(13, { connectTimeoutMs: 10_000 });
    const far = await startFar();
    world.partition("a", "b");
    const early = echo(link, "early", 100);
    const patient = echo(link, "patient", 8_000);
    expect(await endOf(world, early)).toBe("IO not-applied");
    world.heal();
    expect(await endOf(world, patient)).toBe("patient");
    await world.runFor(1_000);
    expect(far.handler.asked).toEqual([`${NEAR} patient`]);
  });
});

describe("bounds", () => {
  test("of what waits to be sent: the next request is refused, and nothing was applied", async () => {
    const { world, link, startFar } = stage(14, { queueBytesMax: 1_000_000 });
    await startFar();
    await world.runUntil(echo(link, "x"));
    world.partition("a", "b");
    const receiver = new Receiver();
    const refusals: (StoreError | undefined)[] = [];
    for (let i = 0; i < 40; i++) {
      const write = (payload: { bytes(bytes: Uint8Array): void }) => payload.bytes(new Uint8Array(100_000));
      refusals.push(link.request(METHOD.echo, write, receiver, 60_000));
      await world.runFor(1);
    }
    const refused = refusals.filter((refusal) => refusal !== undefined);
    expect(refused.length).toBeGreaterThan(20);
    expect(refused[0]).toMatchObject({ code: "OVERLOADED", outcome: "not-applied" });
    expect(link.queuedBytes).toBeLessThan(1_200_000);
    expect(receiver.ends).toEqual([]);
  });

  test("of answers that a peer does not take: it is refused, then not read, and recovers", async () => {
    const { world, link, startFar } = stage(
      15,
      { silentMs: 60_000 },
      { queueBytesMax: 500_000, silentMs: 60_000 },
    );
    const { server } = await startFar();
    await world.runUntil(echo(link, "x"));
    world.partitionOneWay("b", "a");
    const receiver = new Receiver();
    for (let i = 0; i < 200; i++) {
      link.request(METHOD.long, (payload) => payload.bytes(utf8("50000")), receiver, 60_000);
      await world.runFor(1);
    }
    expect(server.statistics().queuedBytes).toBeLessThan(1_200_000);
    world.heal();
    await world.runFor(10_000);
    expect(receiver.ends).toHaveLength(200);
    expect(receiver.ends.filter((end) => end === "OVERLOADED not-applied").length).toBeGreaterThan(50);
    expect(receiver.ends.filter((end) => end.length === 50_000).length).toBeGreaterThan(5);
    expect(await endOf(world, echo(link, "fine"))).toBe("fine");
  });

  test("of answers that were promised before: who does not take them is read no more until it has", async () => {
    const limits = { silentMs: 60_000 };
    const { world, link, startFar } = stage(18, limits, { ...limits, queueBytesMax: 500_000 });
    const { handler } = await startFar();
    const receiver = new Receiver();
    const write = (payload: PayloadWriter) => payload.bytes(new Uint8Array(50_000).fill(0x61));
    for (let i = 0; i < 30; i++) link.request(METHOD.never, write, receiver, 60_000);
    await world.runFor(1_000);
    world.partitionOneWay("b", "a");
    for (const answer of handler.waiting) answer();
    await world.runFor(10);
    const asked = handler.asked.length;
    for (let i = 0; i < 5; i++) {
      link.request(METHOD.echo, (payload) => payload.uint8(0x61), receiver, 60_000);
      await world.runFor(10);
    }
    expect(handler.asked).toHaveLength(asked);
    world.heal();
    await world.runFor(10_000);
    expect(receiver.ends.filter((end) => end.length === 50_000)).toHaveLength(30);
    expect(receiver.ends.slice(30)[0]).toBe("OVERLOADED not-applied");
    expect(receiver.ends.slice(31)).toEqual(["a", "a", "a", "a"]);
    expect(await endOf(world, echo(link, "fine"))).toBe("fine");
  });

  test("of handlers that run at a time", async () => {
    const { world, link, startFar } = stage(16, {}, { runningMax: 10 });
    const { server } = await startFar();
    const receiver = new Receiver();
    for (let i = 0; i < 15; i++)
      link.request(METHOD.never, (payload) => payload.uint8(0x61), receiver, 60_000);
    await world.runFor(100);
    expect(receiver.ends).toEqual(new Array(5).fill("OVERLOADED not-applied"));
    expect(server.statistics().running).toBe(10);
  });

  test("of connections that do not say who they are, in number and time, while honest ones get in", async () => {
    const { world, link, startFar } = stage(17, {}, { unauthenticatedMax: 5 });
    const { server } = await startFar();
    const strange = async (): Promise<Connection> => {
      const connection = await world
        .runtime("c")
        .network.connect({ host: "b", port: PORT, timeoutMs: 1_000 });
      const onClose = () => undefined;
      connection.start({
        onBytes: () => undefined,
        onDrain: () => undefined,
        onEnd: () => undefined,
        onClose,
      });
      return connection;
    };
    for (let i = 0; i < 8; i++) await world.runUntil(strange());
    await world.runFor(10);
    expect(server.statistics().unauthenticated).toBe(5);
    expect(await endOf(world, echo(link, "honest"))).toBe("honest");
    await world.runFor(2_500);
    expect(server.statistics()).toMatchObject({ unauthenticated: 0, sessions: 1 });
    const babbler = await world.runUntil(strange());
    babbler.write(utf8("GET / HTTP/1.1\r\nHost: b\r\n\r\n"));
    await world.runFor(10);
    expect(server.statistics()).toMatchObject({ unauthenticated: 0, sessions: 1 });
  });
});

test("one seed gives one history", async () => {
  const history = async (): Promise<string[]> => {
    const lines: string[] = [];
    const world = new SimWorld(42, { trace: (line) => lines.push(line) });
    await world.runUntil(startFarNode(world.runtime("b"), "b", {}, PORT));
    const parts = { runtime: world.runtime("a"), logger: new LogLines(), settings: settingsOf(NEAR) };
    const link = new Peers(parts).link(FAR);
    link.setAddress({ host: "b", port: PORT });
    await world.runUntil(echo(link, "x"));
    world.dropConnections("a", "b");
    await world.runFor(2_000);
    return lines;
  };
  expect(await history()).toEqual(await history());
});

describe("a message that nobody takes", () => {
  const send = (link: PeerLink): void =>
    void link.send(METHOD.untaken, (payload) => payload.bytes(utf8("x")));
  const REFUSED = "a message from a peer is not taken nobody takes it";
  const TOLD = "a peer does not take a message nobody takes it";

  async function logsAfterTwo(far: Partial<PeerSettings>): Promise<{ near: string[]; far: string[] }> {
    const { world, link, logger, startFar } = stage(6, {}, far);
    const farNode = await startFar();
    await world.runUntil(echo(link, "connect"));
    for (let i = 0; i < 2; i++) send(link);
    expect(await world.runUntil(echo(link, "still there"))).toBe("still there");
    const warnings = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith("warn"));
    return { near: warnings(logger.lines), far: warnings(farNode.logger.lines) };
  }

  test("is told of once, at both ends", async () => {
    expect(await logsAfterTwo({})).toEqual({ near: [`warn ${TOLD}`], far: [`warn ${REFUSED}`] });
  });

  test("is not told of to a node of the version before, which would not understand", async () => {
    expect(await logsAfterTwo({ speaks: 1 })).toEqual({ near: [], far: [`warn ${REFUSED}`] });
  });
});
