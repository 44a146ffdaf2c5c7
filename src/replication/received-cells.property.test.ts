/** Cells taken where they lie in a message leave what the long way leaves, byte for byte. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AsyncEngine } from "../../test/support/async-engine.ts";
import { ref } from "../../test/support/replica-bench.ts";
import { StoreError } from "../base/errors.ts";
import type { Cell } from "../causality/cell.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import { anyCell, stamp, value } from "../causality/cell-samples.oracle.ts";
import { overwrite, remove } from "../causality/cell-write.ts";
import { clusterRules } from "../node/cell-rules.ts";
import { DatabaseMap } from "../node/database-map.ts";
import { FrameWriter } from "../peer/frame-writer.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import { LocalReplica } from "./local-replica.ts";
import { ReplicaDoor } from "./replica-door.ts";
import { encodeReadRow, encodeWriteCell, REPLICA_METHOD } from "./replica-message.ts";
import { NewLife, Stamper } from "./stamper.ts";

/** Whom no arbitrary cell knows. */
const WRITERS = [0xd000_0000_0000_0004n, 0xe000_0000_0000_0005n];
const NAMES = ["a", "{a}b"];
const SETTINGS = { isSynced: true, runningMax: 9, runningBytesMax: 1_000_000 };
const NO_HINTS = { isSynced: true, find: () => undefined, waitsFor: () => false, add: async () => undefined };

/** A cell from nowhere (one for each key: two of them would be two histories of the same writers), or one that somebody wrote who had seen what is there, or what was there before. */
const anyArrival = fc.record({
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom("any", "successor", "successor", "successor of old", "again", "deletion"),
  any: anyCell,
  actor: fc.constantFrom(...WRITERS),
  text: fc.string({ maxLength: 9 }),
});

function openReplica(slowInTen: number) {
  const world = new SimWorld(`received ${slowInTen}`);
  const runtime = world.runtime("a");
  const { clock, random } = runtime;
  const limits = { memoryBytesMax: 0, evictionPolicy: "noeviction", evictionSamples: 5 } as const;
  const memory = new MemoryEngine({ rules: clusterRules, random, clock, ...limits });
  const engine = slowInTen === 0 ? memory : new AsyncEngine(memory, { clock, random, slowInTen });
  const stamper = new Stamper(new NewLife(random));
  const replica = new LocalReplica(engine, stamper, new DatabaseMap(), { siblingsMax: 9, hashSeed: 1 });
  const { received } = replica;
  const door = new ReplicaDoor({ received, engine, hints: NO_HINTS, clock, settings: SETTINGS });
  const settle = <T>(run: () => T | Promise<T>): Promise<T | string> =>
    world.runUntil(
      Promise.resolve()
        .then(run)
        .catch((cause: unknown) => (cause instanceof StoreError ? cause.code : Promise.reject(cause))),
    );
  return { received, door, clock, settle };
}

async function arriveInBoth(arrivals: readonly ArrivalOf<typeof anyArrival>[], slowInTen: number) {
  const [short, long] = [openReplica(slowInTen), openReplica(0)];
  const olds = new Map<string, Cell | undefined>();
  const fromNowhere = new Map<string, Cell>();
  let counter = 0;
  for (const { name, kind, any, actor, text } of arrivals) {
    const wallMs = long.clock.wallMs();
    const present = (await long.settle(() => long.received.load(ref(name)))) as Uint8Array | undefined;
    const before = present && decodeCell(present);
    const seen = kind === "successor of old" ? olds.get(name) : before;
    const sibling = value(text, stamp(actor, ++counter, wallMs));
    if (kind === "any" && !fromNowhere.has(name)) fromNowhere.set(name, any);
    const cell =
      kind === "any"
        ? fromNowhere.get(name)!
        : kind === "again" && before !== undefined
          ? before
          : kind === "deletion" && before !== undefined
            ? remove(before)
            : overwrite(seen, sibling);
    olds.set(name, before);
    const bytes = encodeCell(cell);
    // The message lies somewhere in a larger buffer.
    const message = encodeWriteCell({ epoch: 1, ref: ref(name), cell: bytes, hintFor: undefined });
    const buffer = Buffer.concat([Buffer.from("xyz"), message, Buffer.from("xyz")]);
    const payload = { bytes: buffer, start: 3, end: 3 + message.length };
    const told = await short.settle(() => short.door.onRequest(REPLICA_METHOD.writeCell, payload));
    const merged = await long.settle(() => long.received.merge(ref(name), bytes, wallMs));
    expect(typeof told === "string" ? told : undefined).toBe(merged);
    const question = encodeReadRow({ epoch: 1, ref: ref(name) });
    const asked = {
      bytes: Buffer.concat([Buffer.from("xyz"), question]),
      start: 3,
      end: 3 + question.length,
    };
    const digest = await long.settle(() => long.door.onRequest(REPLICA_METHOD.readDigest, asked));
    const writer = new FrameWriter();
    const isWritten = short.door.answerInto(writer, REPLICA_METHOD.readDigest, asked);
    expect(writer.view()).toEqual(isWritten ? digest : new Uint8Array(0));
    for (const each of NAMES) {
      expect(await short.settle(() => short.received.load(ref(each)))).toEqual(
        await long.settle(() => long.received.load(ref(each))),
      );
    }
  }
}

type ArrivalOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

test.each([0, 5])("cells taken where they lie leave what decoded ones leave (slow %i in ten)", (slowInTen) =>
  fc.assert(
    fc.asyncProperty(fc.array(anyArrival, { maxLength: 25 }), (arrivals) =>
      arriveInBoth(arrivals, slowInTen),
    ),
    { numRuns: 150 },
  ),
);
