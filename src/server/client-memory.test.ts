/** What the server holds for its clients, and whom it closes when that is too much. */
import { beforeEach, expect, test } from "vitest";
import { HandmadeServer, partOfRequest } from "../../test/support/handmade-server.ts";

const MIB = 1024 * 1024;

let door: HandmadeServer;

beforeEach(async () => {
  door = await HandmadeServer.start();
});

test("a request that is not whole counts while it is there", () => {
  const client = door.connect();
  const before = door.server.clientBytes;
  client.say(partOfRequest(100_000));
  expect(door.server.clientBytes - before).toBeGreaterThan(100_000);
  client.vanish();
  expect(door.server.clientBytes).toBe(before);
});

test("replies that a client has read in the end no longer count, however little it was behind", () => {
  door.storeValue(300_000);
  const client = door.connect();
  const before = door.server.clientBytes;
  client.isStuck = true;
  client.say("GET value\r\n");
  expect(door.server.clientBytes - before).toBeGreaterThan(300_000);
  client.drain();
  expect(door.server.clientBytes).toBe(before);
});

test("names count, and no longer when they are taken back", () => {
  const client = door.connect();
  const before = door.server.clientBytes;
  client.say(`CLIENT SETNAME ${"n".repeat(50_000)}\r\n`);
  client.say(`CLIENT SETINFO LIB-NAME ${"n".repeat(20_000)}\r\n`);
  client.say(`CLIENT SETINFO LIB-VER ${"n".repeat(10_000)}\r\n`);
  expect(client.written).toBe("+OK\r\n".repeat(3));
  expect(door.server.clientBytes - before).toBe(80_000);
  client.vanish();
  expect(door.server.clientBytes).toBe(before);
});

test("when clients hold too much, those that hold the most are closed, and no more of them than needed", async () => {
  door = await HandmadeServer.start({ clientMemoryBytesMax: 4 * MIB });
  const idle = door.connect();
  const sizes = [100_000, 900_000, 200_000, 800_000, 300_000];
  const clients = sizes.map((sizeBytes) => {
    const client = door.connect();
    client.say(partOfRequest(sizeBytes));
    return client;
  });
  expect(clients.map(({ isDestroyed }) => isDestroyed)).toEqual([false, true, false, false, false]);
  idle.say("PING\r\n");
  expect(idle.written).toBe("+PONG\r\n");
});

test("a client counts no more from the moment it is closed, though its connection goes later", async () => {
  door = await HandmadeServer.start({ clientMemoryBytesMax: MIB });
  const before = door.server.clientBytes;
  const [hungry, modest] = [door.connect(), door.connect()];
  hungry.say(partOfRequest(MIB / 2));
  expect([hungry.isDestroyed, door.server.statistics.evictedClients]).toEqual([true, 1]);
  expect(door.server.clientBytes).toBe(before);
  for (let i = 0; i < 10; i++) modest.say(partOfRequest(1_000));
  hungry.drain();
  hungry.vanish();
  modest.vanish();
  expect([modest.isDestroyed, door.server.statistics.evictedClients]).toEqual([false, 1]);
  expect(door.server.clientBytes).toBe(before);
});

test("spared clients are closed last, as long as they hold no more than half of what all may", async () => {
  door = await HandmadeServer.start({ clientMemoryBytesMax: 4 * MIB });
  const [spared, modest, hungry] = [door.connect(), door.connect(), door.connect()];
  spared.say("CLIENT NO-EVICT ON\r\n");
  spared.say(partOfRequest(0.9 * MIB));
  modest.say(partOfRequest(0.3 * MIB));
  hungry.say(partOfRequest(1.5 * MIB));
  expect([spared, modest, hungry].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, true]);
  const greedy = door.connect();
  greedy.say("CLIENT NO-EVICT ON\r\n");
  greedy.say(partOfRequest(1.9 * MIB));
  expect([spared, modest, greedy].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, true]);
});

test("the limit for all clients may be none, or a part of maxmemory", async () => {
  door = await HandmadeServer.start({ clientMemoryBytesMax: 0, maxmemoryBytes: 100 * MIB });
  const client = door.connect();
  client.say(partOfRequest(6 * MIB));
  expect(client.isDestroyed).toBe(false);
  client.vanish();
  door.server.settings.clientMemoryPercent = 5;
  door.server.applySettings();
  const other = door.connect();
  other.say(partOfRequest(6 * MIB));
  expect(other.isDestroyed).toBe(true);
});

test("without a limit of their own, replies may wait for their reader whatever they come to", async () => {
  door = await HandmadeServer.start({ outputBufferBytesMax: 0 });
  door.storeValue(2 * MIB);
  const client = door.connect();
  client.isStuck = true;
  client.say("GET value\r\n");
  expect(client.isDestroyed).toBe(false);
  expect(client.unsentBytes).toBeGreaterThan(2 * MIB);
});

test("a client that is beyond the soft limit for too long is closed", async () => {
  door.storeValue(600_000);
  door.server.settings.outputSoftLimit = { bytes: 500_000, seconds: 5 };
  door.server.applySettings();
  const [slow, late] = [door.connect(), door.connect()];
  slow.isStuck = true;
  late.isStuck = true;
  slow.say("GET value\r\n");
  late.say("GET value\r\n");
  await door.world.runFor(4_000);
  late.drain();
  await door.world.runFor(1_000); // looked at once a second
  late.say("GET value\r\n");
  await door.world.runFor(2_000);
  expect([slow.isDestroyed, late.isDestroyed]).toEqual([true, false]);
  expect(door.server.statistics.outputLimitCloses).toBe(1);
});

test("a client past its output limit is closed, and what it sent besides is not run", async () => {
  door = await HandmadeServer.start({ outputBufferBytesMax: MIB });
  door.storeValue(600_000);
  const held = (): number => door.server.clientBytes - door.server.writer.capacityBytes;
  const before = held();
  const client = door.connect();
  client.isStuck = true;
  client.say("GET value\r\nGET value\r\nSET canary dead\r\n");
  expect([client.isDestroyed, door.server.statistics.outputLimitCloses]).toEqual([true, 1]);
  expect(held()).toBe(before);
  const other = door.connect();
  other.say("GET canary\r\n");
  expect(other.written).toBe("$-1\r\n");
});

test("replies count that left after the last request was run", () => {
  const client = door.connect();
  const before = door.server.clientBytes;
  client.isStuck = true;
  client.say("PING\r\n".repeat(100));
  expect(door.server.clientBytes - before).toBe(700);
  client.drain();
  expect(door.server.clientBytes).toBe(before);
});
