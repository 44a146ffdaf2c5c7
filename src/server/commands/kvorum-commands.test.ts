/** Conflicts made, seen and resolved by KV.GET, KV.PUT and KV.DEL, beside the commands of Redis. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { call, ENVIRONMENT } from "../../../test/support/pure-call.ts";
import { ReplicaBench, ref, SIBLINGS_MAX } from "../../../test/support/replica-bench.ts";
import type { Reply } from "../../resp/reply.ts";
import type { ReadCommand, UpdateCommand } from "../command.ts";
import { del } from "./del.ts";
import { get } from "./get.ts";
import { incr } from "./incr.ts";
import { kvDel } from "./kv-del.ts";
import { kvGet } from "./kv-get.ts";
import { kvPut } from "./kv-put.ts";
import { set } from "./set.ts";
import { ttl } from "./ttl.ts";

/** One key of one node, and commands on it. */
class Key {
  readonly #bench = new ReplicaBench(0);

  read(command: ReadCommand, line: string): Reply {
    const environment = { ...ENVIRONMENT, wallMs: this.#bench.wallMs };
    return this.#bench.replica.read(ref("k"), { wallMs: this.#bench.wallMs, touch: true }, (view) =>
      command.run(view, call(line), environment),
    ) as Reply;
  }

  update(command: UpdateCommand, line: string): Reply {
    const environment = { ...ENVIRONMENT, wallMs: this.#bench.wallMs };
    return this.#bench.replica.update(ref("k"), this.#bench.wallMs, (view) =>
      command.run(view, call(line), environment),
    ) as Reply;
  }

  delete(): void {
    const { replica, wallMs } = this.#bench;
    void replica.updateMany([ref("k")], wallMs, (views) => del.run(views, call("DEL k"), ENVIRONMENT));
  }

  /** What KV.GET answers: the context, and the values as text. */
  see(): { context: string; values: string[] } {
    const [context, ...values] = this.read(kvGet, "KV.GET k") as [string, ...Uint8Array[]];
    return { context, values: values.map((value) => Buffer.from(value).toString("latin1")) };
  }

  put(value: string, context?: string): string {
    const option = context === undefined ? "" : ` CONTEXT ${context}`;
    return this.update(kvPut, `KV.PUT k ${value}${option}`) as string;
  }

  get(): string | null {
    const value = this.read(get, "GET k") as Uint8Array | null;
    return value === null ? null : Buffer.from(value).toString("latin1");
  }

  sleep(ms: number): Promise<void> {
    return this.#bench.world.runFor(ms);
  }
}

describe("one key", () => {
  let key: Key;

  beforeEach(() => {
    key = new Key();
  });

  test("that is absent has a context and no value", () => {
    const { context, values } = key.see();
    expect(values).toEqual([]);
    key.put("first", context);
    expect(key.see().values).toEqual(["first"]);
  });

  test("read, changed and written with its context has one value", () => {
    key.update(set, "SET k old");
    key.put("new", key.see().context);
    expect(key.see().values).toEqual(["new"]);
  });

  test("written by two who saw the same keeps both, newest first, until somebody who saw both writes", () => {
    key.update(set, "SET k cart:");
    const { context } = key.see();
    key.put("cart:apple", context);
    key.put("cart:pear", context);
    const conflict = key.see();
    expect(conflict.values).toEqual(["cart:pear", "cart:apple"]);
    expect(key.get()).toBe("cart:pear");
    key.put("cart:apple,pear", conflict.context);
    expect(key.see().values).toEqual(["cart:apple,pear"]);
  });

  test("written without a context keeps all that was there", () => {
    key.put("a");
    key.put("b");
    key.update(set, "SET k replaced"); // sees both
    key.put("c");
    expect(key.see().values).toEqual(["c", "replaced"]);
  });

  test("the context that KV.PUT answers replaces what it wrote", () => {
    const context = key.put("2", key.put("1"));
    expect(key.see().values).toEqual(["2"]);
    key.put("3", context);
    expect(key.see().values).toEqual(["3"]);
  });

  test("the context that KV.PUT answers does not stand for what came in between", () => {
    let context = key.put("mine-0");
    key.put("theirs");
    for (let i = 1; i <= 10; i++) {
      context = key.put(`mine-${i}`, context);
      expect(key.see().values).toEqual([`mine-${i}`, "theirs"]);
    }
    key.put("both", key.see().context);
    expect(key.see().values).toEqual(["both"]);
  });

  test("deleted with a context keeps what that has not seen", () => {
    key.put("seen");
    const { context } = key.see();
    key.put("unseen");
    expect(key.update(kvDel, `KV.DEL k CONTEXT ${context}`)).toBe(1);
    expect(key.see().values).toEqual(["unseen"]);
    expect(key.update(kvDel, `KV.DEL k CONTEXT ${context}`)).toBe(0);
    expect(key.update(kvDel, "KV.DEL k")).toBe(1);
    expect(key.update(kvDel, "KV.DEL k")).toBe(0);
    expect(key.see().values).toEqual([]);
  });

  test("counted up shows the sum, and a context covers the counts it has seen", () => {
    for (let i = 0; i < 3; i++) key.update(incr, "INCR k");
    const { context, values } = key.see();
    expect(values).toEqual(["3"]);
    key.update(incr, "INCR k");
    expect(key.update(kvDel, `KV.DEL k CONTEXT ${context}`)).toBe(1);
    expect(key.see().values).toEqual(["1"]);
  });

  test("may expire, like any other", async () => {
    key.update(kvPut, "KV.PUT k v EX 5");
    expect(key.read(ttl, "TTL k")).toBe(5);
    key.update(kvPut, `KV.PUT k w KEEPTTL CONTEXT ${key.see().context}`);
    expect(key.read(ttl, "TTL k")).toBe(5);
    await key.sleep(5_000);
    expect(key.see().values).toEqual([]);
  });

  test.each([
    ["KV.PUT k v CONTEXT", "ERR syntax error"],
    ["KV.PUT k v EX 5 PX 5", "ERR syntax error"],
    ["KV.PUT k v EX 5 KEEPTTL", "ERR syntax error"],
    ["KV.PUT k v EX 0", "ERR invalid expire time in 'kv.put' command"],
    ["KV.PUT k v CONTEXT nonsense", "not a causal context of this database"],
    ["KV.PUT k v NX", "ERR syntax error"],
    ["KV.DEL k CONTEXT", "ERR syntax error"],
    ["KV.DEL k nonsense nonsense", "ERR syntax error"],
    ["KV.DEL k CONTEXT nonsense", "not a causal context of this database"],
  ])("%s: %s", (line, refusal) => {
    key.update(set, "SET k v");
    expect(() => key.update(line.startsWith("KV.PUT") ? kvPut : kvDel, line)).toThrow(refusal);
    expect(key.see().values).toEqual(["v"]);
  });
});

test("a write replaces exactly what its writer has seen", () => {
  const action = fc.record({
    client: fc.nat({ max: 2 }),
    does: fc.constantFrom("read", "put", "put", "put", "forget", "delete"),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const key = new Key();
      const clients = [0, 1, 2].map(() => new Client(key));
      let values = new Set<string>();
      actions.forEach(({ client: number, does }, i) => {
        const client = clients[number]!;
        const rest = [...values].filter((value) => !client.seen.has(value));
        if (does === "read") client.read();
        else if (does === "forget") client.forget();
        else if (does === "delete" && client.delete()) values = new Set(rest);
        else if (does === "put" && rest.length < SIBLINGS_MAX) {
          client.put(`v${i}`);
          values = new Set([...rest, `v${i}`]);
        } else if (does === "put") expect(() => client.put("too-much")).toThrow("siblings");
        expect(new Set(key.see().values)).toEqual(values);
      });
    }),
    { numRuns: 500 },
  );
});

/** One who uses each context for all he knows. */
class Client {
  seen = new Set<string>();
  readonly #key: Key;
  #context: string | undefined;

  constructor(key: Key) {
    this.#key = key;
  }

  read(): void {
    const { context, values } = this.#key.see();
    this.#context = context;
    this.seen = new Set(values);
  }

  forget(): void {
    this.#context = undefined;
    this.seen = new Set();
  }

  put(value: string): void {
    this.#context = this.#key.put(value, this.#context);
    this.seen.add(value);
  }

  /** False if it has no context to delete with. */
  delete(): boolean {
    if (this.#context === undefined) return false;
    this.#key.update(kvDel, `KV.DEL k CONTEXT ${this.#context}`);
    return true;
  }
}
