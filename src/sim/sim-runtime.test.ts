import { expect, test } from "vitest";
import type { Connection, Runtime } from "../runtime/runtime.ts";
import { SimWorld } from "./sim-runtime.ts";

/** Stands for a node: logs what it is told durably and answers with chance and time of its own. */
async function startEcho({ disk, network, random, clock }: Runtime, host: string): Promise<void> {
  const file = await disk.open("/log");
  await disk.syncDirectory("/");
  await network.listen({ host, port: 1 }, (connection) => {
    connection.start({
      onBytes: (bytes, length) => {
        const copy = bytes.slice(0, length);
        const reply = Uint8Array.of(length & 255, random.below(256), clock.wallMs() & 255);
        void file
          .append(copy)
          .then(() => file.sync())
          .then(() => connection.write(reply));
      },
      onDrain: () => undefined,
      onEnd: () => connection.end(),
      onClose: () => undefined,
    });
  });
}

/** Stands for a client: writes as it pleases, and connects again when the connection breaks. */
async function chatter({ network, random, clock }: Runtime, host: string): Promise<void> {
  for (let i = 0; i < 20; i++) {
    let isOpen = true;
    const connection: Connection | undefined = await network
      .connect({ host, port: 1, timeoutMs: 200 })
      .catch(() => undefined);
    connection?.start({
      onBytes: () => undefined,
      onDrain: () => undefined,
      onEnd: () => connection.end(),
      onClose: () => {
        isOpen = false;
      },
    });
    for (let n = 0; n < 10 && isOpen && connection !== undefined; n++) {
      connection.write(random.bytes(1 + random.below(500)));
      await clock.sleep(random.below(30));
    }
    connection?.end();
    await clock.sleep(50);
  }
}

/** A busy scenario with faults, and all that happened in it. */
async function history(seed: number): Promise<string[]> {
  const lines: string[] = [];
  const world = new SimWorld(seed, { trace: (line) => lines.push(line) });
  const chance = world.random("faults");
  const start = (host: string): Promise<void> => world.runUntil(startEcho(world.runtime(host), host));
  for (const host of ["a", "b"]) await start(host);
  for (const host of ["a", "b", "a"]) void chatter(world.runtime("c"), host);
  for (let i = 0; i < 10; i++) {
    await world.runFor(chance.below(300));
    const host = ["a", "b"][chance.below(2)]!;
    const fault = chance.below(5);
    if (fault === 0) world.partition("c", host);
    if (fault === 1) world.dropConnections("c", host);
    if (fault === 2) world.pause(host, 100);
    if (fault === 3) world.kill(host);
    if (fault === 4) world.crash(host);
    await world.runFor(chance.below(300));
    world.heal();
    if (fault >= 3) await start(host);
  }
  for (const host of ["a", "b"]) {
    const disk = world.disk(host);
    lines.push(`${host} ${disk.paths} ${disk.usedBytes} bytes, ${disk.syncCount} syncs`);
  }
  return [...lines, `${world.scheduler.eventCount} events`];
}

test("one seed gives one history, event for event and byte for byte", async () => {
  for (let seed = 0; seed < 10; seed++) {
    const first = await history(seed);
    expect(first.length).toBeGreaterThan(200);
    expect(await history(seed)).toEqual(first);
  }
});

test("another seed gives another history", async () => {
  expect(await history(1)).not.toEqual(await history(2));
});

test("a process keeps its runtime for life, and the next one gets its own", () => {
  const world = new SimWorld(1);
  const first = world.runtime("a");
  expect(world.runtime("a")).toBe(first);
  const before = first.random.uint32();
  world.kill("a");
  const second = world.runtime("a");
  expect(second).not.toBe(first);
  expect(second.random.uint32()).not.toBe(before);
});

test("a host that never was cannot fail", () => {
  const world = new SimWorld(1);
  expect(() => world.crash("nobody")).toThrow("there is no host");
});

test("a killed host can lose its power too", async () => {
  const outcomes = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const world = new SimWorld(seed);
    const file = await world.runUntil(world.runtime("a").disk.open("/log"));
    await world.runUntil(world.runtime("a").disk.syncDirectory("/"));
    await world.runUntil(file.append(new Uint8Array(10)));
    world.kill("a");
    world.crash("a");
    outcomes.add(world.disk("a").usedBytes);
  }
  expect(Math.min(...outcomes)).toBe(0);
  expect(Math.max(...outcomes)).toBe(10);
});

test("a scenario's chance disturbs nobody else's", () => {
  const [quiet, drawn] = [new SimWorld(1), new SimWorld(1)];
  drawn.random("scenario").bytes(100);
  expect(drawn.runtime("a").random.bytes(8)).toEqual(quiet.runtime("a").random.bytes(8));
});
