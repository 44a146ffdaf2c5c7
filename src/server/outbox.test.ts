import { beforeEach, expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { settle } from "../sim/settle.ts";
import { GATHERED_BYTES_MAX, Outbox, type Sender } from "./outbox.ts";

class Recorder implements Sender {
  readonly log: string[] = [];
  keepsBuffer = false;

  send(replies: Uint8Array): boolean {
    this.log.push(Buffer.from(replies).toString("latin1"));
    return !this.keepsBuffer;
  }

  awaitDurable(): void {
    this.log.push("waits");
  }

  sendLate(replies: Uint8Array): void {
    this.log.push(`late ${Buffer.from(replies).toString("latin1")}`);
  }

  failDurable(cause: unknown): void {
    this.log.push(`failed ${cause}`);
  }
}

let deferred: (() => void)[];
let durable: Promise<void> | undefined;
let outbox: Outbox;
let a: Recorder;
let b: Recorder;

beforeEach(() => {
  deferred = [];
  durable = undefined;
  outbox = new Outbox({ defer: (task) => deferred.push(task), monotonicMs: () => 0 }, () => durable);
  a = new Recorder();
  b = new Recorder();
});

function reply(sender: Recorder, text: string): void {
  outbox.writer.raw(utf8(text));
  outbox.gather(sender);
}

function endTurn(): void {
  for (const task of deferred.splice(0)) task();
}

test("replies leave when the turn is over, those of each session together and in order", () => {
  reply(a, "a1");
  reply(b, "b1");
  expect([a.log, b.log]).toEqual([[], []]);
  endTurn();
  expect([a.log, b.log]).toEqual([["a1"], ["b1"]]);
  reply(b, "b2");
  endTurn();
  expect([a.log, b.log]).toEqual([["a1"], ["b1", "b2"]]);
});

test("one turn asks for one call at its end, and none if nothing was written", () => {
  expect(outbox.gather(a)).toBe(false);
  expect(deferred).toHaveLength(0);
  reply(a, "1");
  reply(b, "2");
  reply(a, "3");
  expect(deferred).toHaveLength(1);
  endTurn();
  expect(a.log).toEqual(["1", "3"]);
});

test("a buffer that somebody still reads is not written again", () => {
  const before = outbox.writer.bytes;
  a.keepsBuffer = true;
  reply(a, "kept");
  reply(b, "taken");
  endTurn();
  expect(outbox.writer.bytes).not.toBe(before);
  reply(b, "XXXXXXXXX");
  expect(Buffer.from(before.subarray(0, 9)).toString("latin1")).toBe("kepttaken");
});

test("much is sent at once, though the turn goes on", () => {
  reply(a, "x".repeat(GATHERED_BYTES_MAX + 1));
  expect(a.log).toHaveLength(1);
  reply(b, "b");
  endTurn();
  expect(b.log).toEqual(["b"]);
});

test("replies wait until the writes of the turn are durable, while others go on", async () => {
  let sync!: () => void;
  durable = new Promise((resolve) => {
    sync = resolve;
  });
  reply(a, "a1");
  reply(b, "b1");
  endTurn();
  durable = undefined;
  const c = new Recorder();
  reply(c, "c1");
  endTurn();
  expect([a.log, b.log, c.log]).toEqual([["waits"], ["waits"], ["c1"]]);
  sync();
  await Promise.resolve();
  expect([a.log, b.log]).toEqual([
    ["waits", "late a1"],
    ["waits", "late b1"],
  ]);
});

test("what need not wait goes behind replies of the same session that do", async () => {
  const resolvers: (() => void)[] = [];
  const wait = (): Promise<void> => new Promise((resolve) => resolvers.push(resolve));
  durable = wait();
  reply(a, "a1");
  endTurn();
  durable = undefined; // the rows are on the disk, but whoever wrote them is slowed down
  reply(b, "b1");
  reply(a, "a2");
  endTurn();
  durable = wait();
  reply(a, "a3");
  endTurn();
  resolvers[1]!();
  await settle();
  expect([a.log, b.log]).toEqual([["waits", "waits", "waits"], ["b1"]]);
  resolvers[0]!();
  await settle();
  expect(a.log.slice(3)).toEqual(["late a1", "late a2", "late a3"]);
  durable = undefined;
  reply(a, "a4");
  endTurn();
  expect(a.log.at(-1)).toBe("a4");
});

test("if writes cannot be made durable, nobody reads that they were", async () => {
  durable = Promise.reject(new Error("disk gone"));
  reply(a, "+OK");
  endTurn();
  await Promise.resolve();
  await Promise.resolve();
  expect(a.log).toEqual(["waits", "failed Error: disk gone"]);
});
