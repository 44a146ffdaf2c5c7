/** What a client reads of a transaction whose replies are more than it may be told. */
import { beforeEach, describe, expect, test } from "vitest";
import { HandmadeServer } from "../../test/support/handmade-server.ts";

const MIB = 1024 * 1024;

let door: HandmadeServer;

beforeEach(async () => {
  door = await HandmadeServer.start();
});

describe("a transaction whose replies are too long together", () => {
  const queue = (...calls: string[]): string => `MULTI\r\n${calls.join("\r\n")}\r\nEXEC\r\n`;

  test("is run, and says that it was", async () => {
    door = await HandmadeServer.start({ outputBufferBytesMax: MIB });
    door.storeValue(600_000);
    const client = door.connect();
    client.say(queue("GET value", "SET a 1", "GET value", "SET b 2"), "MGET a b\r\n");
    const refusal =
      "-OVERLOADED UNKNOWN the transaction was run, but its replies are longer than 1048576 bytes";
    const queued = `+OK\r\n${"+QUEUED\r\n".repeat(4)}`;
    expect(client.written).toBe(`${queued}${refusal}\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n`);
  });

  test("leaves no trace in the next one, and that none in its neighbours", async () => {
    door = await HandmadeServer.start({ outputBufferBytesMax: MIB });
    door.storeValue(600_000);
    door.connect().say(queue("GET value", "GET value"));
    const [sleeper, other] = [door.connect(), door.connect()];
    sleeper.say("HELLO 3\r\n");
    const mark = sleeper.written.length;
    sleeper.say(queue("GET none", "DEBUG SLEEP 0", "GET none"));
    other.say(queue("GET none", "ECHO other"));
    await door.world.runFor(1);
    const afterQueued = (text: string): string => text.slice(text.lastIndexOf("+QUEUED\r\n") + 9);
    expect(afterQueued(sleeper.written.slice(mark))).toBe("*3\r\n_\r\n+OK\r\n_\r\n");
    expect(afterQueued(other.written)).toBe("*2\r\n$-1\r\n$5\r\nother\r\n");
  });
});
