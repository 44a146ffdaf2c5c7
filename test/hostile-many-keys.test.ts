/** Half a million different keys in one request: worked on where they lie in the request. */
import { afterEach, expect, test } from "vitest";
import { HostileClient } from "./support/hostile-client.ts";
import { HostileTarget } from "./support/hostile-target.ts";

const MIB = 1024 * 1024;
const COUNT = 500_000;
const KEYS = Array.from({ length: COUNT }, (_, i) => `key:${`${i}`.padStart(7, "0")}`);

/** A disk engine's memtables, which are there for any rows, come on top of what the request takes. */
const GROWTH_BYTES_MAX = { memory: 400 * MIB, disk: 600 * MIB };

let target: HostileTarget | undefined;

afterEach(() => target?.stop());

test.each(["memory", "disk"] as const)(
  "take a small multiple of the request's bytes, and are told in the slow log: %s",
  {
    timeout: 120_000,
  },
  async (storage) => {
    target = await HostileTarget.start(storage);
    const client = await HostileClient.connect(target.port);
    const ask = async (call: readonly string[], replyBytes: number): Promise<string> => {
      const args = call.map((argument) => `$${argument.length}\r\n${argument}\r\n`);
      void client.send(`*${args.length}\r\n${args.join("")}`);
      return (await client.receive(replyBytes)).toString("latin1");
    };
    const before = await target.status("used_memory_rss");
    const values = `*${COUNT}\r\n${"$5\r\nvalue\r\n".repeat(COUNT)}`;
    expect(await ask(["MSET", ...KEYS.flatMap((key) => [key, "value"])], 5)).toBe("+OK\r\n");
    expect((await ask(["MGET", ...KEYS], values.length)) === values).toBe(true);
    expect(await ask(["EXISTS", ...KEYS], 9)).toBe(`:${COUNT}\r\n`);
    expect(await ask(["DEL", ...KEYS], 9)).toBe(`:${COUNT}\r\n`);
    expect((await target.status("used_memory_rss")) - before).toBeLessThan(GROWTH_BYTES_MAX[storage]);
    expect(await target.ask("SLOWLOG", "GET", "-1")).toContain("more arguments)");
    expect(await target.fault()).toBeUndefined();
    client.breakOff();
  },
);
