/** Acceptors on disks that crash, proposers that are driven, in a simulated world. */
import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { DocumentFile } from "../membership/document-file.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import type { AcceptorReply } from "./acceptor.ts";
import { configurationOf } from "./configuration.ts";
import { DurableAcceptor } from "./durable-acceptor.ts";
import { carryThrough } from "./proposal.ts";
import { Proposer, type Register } from "./proposer.ts";

const NAMES = ["a", "b", "c"];
const register: Register = { configurationOf: () => configurationOf(NAMES), finish: (value) => value };

class Stage {
  readonly world: SimWorld;
  readonly down = new Set<string>();
  /** Of waits of one proposal at a time. */
  waitsMax = 0;
  #lives = new Map<string, Promise<DurableAcceptor>>();
  #proposals = 0;

  readonly #attemptMs: number;

  constructor(seed: string, attemptMs = 200) {
    this.world = new SimWorld(seed);
    this.#attemptMs = attemptMs;
    for (const name of NAMES) this.start(name);
  }

  start(name: string): void {
    const { disk } = this.world.runtime(name);
    const opened = disk
      .makeDirectory("/d")
      .then(() => DurableAcceptor.open(new DocumentFile(disk, "/d", "REGISTER")));
    this.#lives.set(name, opened);
    this.down.delete(name);
  }

  crash(name: string): void {
    this.world.crash(name);
    this.down.add(name);
  }

  /** Appends a letter to the text in the register. */
  append(letter: string, timeoutMs = 5_000) {
    const { clock, random } = this.world.runtime("proposer");
    const proposer = new Proposer({
      id: `p${++this.#proposals}`,
      register,
      configuration: configurationOf(NAMES),
      change: (value) => {
        const text = value === undefined ? "" : toText(value);
        return text.includes(letter) ? { kind: "keep" } : { kind: "set", value: utf8(text + letter) };
      },
    });
    const send = async (
      to: string,
      request: Parameters<DurableAcceptor["answer"]>[0],
    ): Promise<AcceptorReply> => {
      await clock.sleep(1 + random.below(20));
      if (this.down.has(to)) throw new Error("down");
      return (await this.#lives.get(to)!).answer(request);
    };
    let waits = 0;
    const sleep = async (delayMs: number, signal?: AbortSignal): Promise<void> => {
      this.waitsMax = Math.max(this.waitsMax, ++waits);
      await clock.sleep(delayMs, signal).finally(() => waits--);
    };
    return carryThrough(proposer, { clock: { sleep }, random, send, attemptMs: this.#attemptMs, timeoutMs });
  }
}

test("changes made at once are all made, one after the other", async () => {
  const stage = new Stage("at once", 2_000);
  const letters = [..."abcdef"];
  await stage.world.runUntil(Promise.all(letters.map((letter) => stage.append(letter, 60_000))));
  const result = await stage.world.runUntil(stage.append("z"));
  expect(result).toMatchObject({ kind: "committed" });
  const text = toText((result as { value: Uint8Array }).value);
  expect([...text].sort().join("")).toBe("abcdefz");
  // The whole, an attempt, and the pause before the next: not one for each attempt that another's has ended.
  expect(stage.waitsMax).toBeLessThanOrEqual(3);
});

test("what is committed outlasts crashes of all acceptors, at any moment", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const stage = new Stage(`crashes ${seed}`);
    const random = stage.world.random("crashes");
    const committed: string[] = [];
    for (const letter of "abcd") {
      const change = stage.append(letter, 3_000).then(
        () => committed.push(letter),
        () => undefined,
      );
      await stage.world.runFor(random.below(60));
      for (const name of NAMES) if (random.below(2) === 0) stage.crash(name);
      await stage.world.runFor(random.below(40));
      for (const name of NAMES) if (stage.down.has(name)) stage.start(name);
      await stage.world.runUntil(change);
    }
    const { value } = (await stage.world.runUntil(stage.append("z", 60_000))) as { value: Uint8Array };
    for (const letter of committed) expect(toText(value), `seed ${seed}`).toContain(letter);
  }
});

test("without a majority a change fails in time; its outcome says whether it may still be made", async () => {
  const stage = new Stage("no majority");
  stage.crash("a");
  stage.crash("b");
  await expect(stage.world.runUntil(stage.append("a", 1_000))).rejects.toMatchObject({
    code: "QUORUM_TIMEOUT",
    outcome: "not-applied",
  });
});
