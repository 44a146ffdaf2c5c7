/** When requests run and their replies leave, and how a connection ends. */
import { beforeEach, describe, expect, test } from "vitest";
import { type HandmadeConnection, HandmadeServer } from "../../test/support/handmade-server.ts";

const MIB = 1024 * 1024;

let door: HandmadeServer;

beforeEach(async () => {
  door = await HandmadeServer.start();
});

describe("a client that is to be closed and does not take its last reply", () => {
  const endings: readonly [string, (client: HandmadeConnection) => void][] = [
    ["after a protocol error", (client) => client.say("*1\r\n$-1\r\n")],
    ["after QUIT", (client) => client.say("QUIT\r\n")],
    ["after it has said its last", (client) => client.sayLast("PING\r\n")],
  ];

  test.each(endings)("%s: is given time, and then is closed all the same", async (_when, end) => {
    const client = door.connect();
    client.isStuck = true;
    end(client);
    await door.world.runFor(9_000);
    expect([client.hasEnded, client.isDestroyed]).toEqual([true, false]);
    await door.world.runFor(4_000);
    expect(client.isDestroyed).toBe(true);
    client.vanish();
    expect(door.server.sessions.size).toBe(0);
  });

  test("begins anew with its time whenever it takes some", async () => {
    const client = door.connect();
    client.isStuck = true;
    client.say("GET value\r\nQUIT\r\n");
    for (let i = 0; i < 5; i++) {
      await door.world.runFor(9_000);
      client.unsentBytes--;
    }
    expect(client.isDestroyed).toBe(false);
  });

  test("has the more time the more it has to take", async () => {
    door.storeValue(5 * MIB);
    const client = door.connect();
    client.isStuck = true;
    client.say("GET value\r\n");
    client.sayLast();
    await door.world.runFor(20_000);
    expect(client.isDestroyed).toBe(false);
    await door.world.runFor(20_000);
    expect(client.isDestroyed).toBe(true);
  });
});

test("a client that sends many slow requests at once lets others have their turn in between", async () => {
  const [hog, other] = [door.connect(), door.connect()];
  door.tickMs = 1;
  hog.say("STRLEN none\r\n".repeat(1_000));
  const first = hog.written.length / ":0\r\n".length;
  expect(first).toBeGreaterThan(1);
  expect(first).toBeLessThan(20);
  other.say("PING\r\n");
  expect(other.written).toBe("+PONG\r\n");
  await door.world.runFor(10);
  door.server.outbox.flush();
  expect(hog.written).toBe(":0\r\n".repeat(1_000));
});

test("requests that wait for their turn are run before the connection ends, and not after it has gone", async () => {
  const [last, gone] = [door.connect(), door.connect()];
  door.tickMs = 1;
  last.sayLast("STRLEN none\r\n".repeat(100));
  gone.say(`${"STRLEN none\r\n".repeat(100)}SET canary dead\r\n`);
  gone.vanish();
  expect(last.hasEnded).toBe(false);
  await door.world.runFor(10);
  door.server.outbox.flush();
  expect(last.written).toBe(":0\r\n".repeat(100));
  expect(last.hasEnded).toBe(true);
  const other = door.connect();
  other.say("GET canary\r\n");
  expect(other.written).toBe("$-1\r\n");
});

test("connections that cannot be accepted are counted, and told of now and then", async () => {
  for (let i = 0; i < 1_000; i++) door.failAccept();
  expect(door.logged).toEqual(["connections cannot be accepted"]);
  await door.world.runFor(11_000);
  door.failAccept();
  expect(door.logged).toHaveLength(2);
  expect(door.server.statistics.rejectedConnections).toBe(1_001);
});

test("before the connection ends, every reply of the turn leaves", () => {
  const [broken, finished] = [door.connect(), door.connect()];
  broken.say("PING\r\n", "*1\r\n$-1\r\n");
  expect(broken.written).toBe("+PONG\r\n-ERR Protocol error: invalid bulk length\r\n");
  finished.sayLast("PING\r\n", "PING\r\n");
  expect(finished.written).toBe("+PONG\r\n+PONG\r\n");
  expect([broken.isDestroyed, finished.isDestroyed]).toEqual([true, true]);
});

test("requests run one after the other, whatever their replies wait for", async () => {
  const client = door.connect();
  let settle = (): void => undefined;
  const durable = new Promise<void>((resolve) => {
    settle = resolve;
  });
  Object.assign(door.server.node.engine.main, { durable: () => durable });
  client.say("SET a 1\r\n", "DEBUG SLEEP 0\r\n");
  client.sayLast("GET a\r\n");
  expect(client.written).toBe("");
  Object.assign(door.server.node.engine.main, { durable: () => undefined });
  settle();
  await durable;
  expect(client.written).toBe("+OK\r\n");
  await door.world.runFor(1);
  expect(client.written).toBe("+OK\r\n+OK\r\n$1\r\n1\r\n");
  expect(client.isDestroyed).toBe(true);
});

test("a client whose request waits is read on until it sends more, and again once it has its reply", async () => {
  const admin = door.connect();
  admin.say("CLIENT PAUSE 1000\r\n");
  const client = door.connect();
  client.say("PING\r\n");
  expect([client.written, client.isPaused]).toEqual(["", false]);
  client.say("ECHO more\r\n");
  expect(client.isPaused).toBe(true);
  admin.say("CLIENT UNPAUSE\r\n");
  await door.world.runFor(1);
  expect([client.written, client.isPaused]).toEqual(["+PONG\r\n$4\r\nmore\r\n", false]);
});
