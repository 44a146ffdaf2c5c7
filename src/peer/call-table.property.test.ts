import fc from "fast-check";
import { expect, test } from "vitest";
import { CallTable } from "./call-table.ts";

/** The granularity of the wheel: what is due may wait so long. */
const LATE_MS = 16;

interface Model {
  readonly id: number;
  readonly name: number;
  readonly method: number;
  readonly startedMs: number;
  readonly deadlineMs: number;
  isSent: boolean;
}

type Step =
  | { readonly kind: "add"; readonly timeoutMs: number }
  | { readonly kind: "take"; readonly which: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "send" }
  | { readonly kind: "drain" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      timeoutMs: fc.integer({ min: 0, max: 9_000 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("take" as const), which: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.double({ min: 0, max: 4_000, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "send" as const }) },
);
const rareDrain = fc.oneof(
  { weight: 100, arbitrary: step },
  { weight: 1, arbitrary: fc.constant({ kind: "drain" as const }) },
);

test("does what a plain list does, whatever is added, taken and expires, and however large it grows", () => {
  fc.assert(
    fc.property(fc.array(rareDrain, { minLength: 1, maxLength: 600, size: "max" }), (steps) => {
      const table = new CallTable<number>();
      let model: Model[] = [];
      let nowMs = 12_345.6;
      let names = 0;
      for (const current of steps) {
        if (current.kind === "add") {
          const deadlineMs = nowMs + current.timeoutMs;
          const method = names % 3;
          const id = table.add(++names, nowMs, deadlineMs, method);
          expect(model.some((call) => call.id === id)).toBe(false);
          model.push({ id, name: names, method, startedMs: nowMs, deadlineMs, isSent: false });
        } else if (current.kind === "take" && model.length > 0) {
          const [call] = model.splice(current.which % model.length, 1);
          expect(table.take(call!.id)).toBe(call!.name);
          expect([table.takenStartedMs, table.takenIsSent]).toEqual([call!.startedMs, call!.isSent]);
          expect(table.take(call!.id)).toBe(undefined);
        } else if (current.kind === "pass") {
          nowMs += current.ms;
          const due = new Set(table.expire(nowMs));
          for (const call of model) {
            if (due.has(call.id)) expect(call.deadlineMs).toBeLessThanOrEqual(nowMs);
            else expect(call.deadlineMs).toBeGreaterThan(nowMs - LATE_MS);
          }
          for (const id of due) expect(table.take(id)).toBeGreaterThan(0);
          model = model.filter((call) => !due.has(call.id));
        } else if (current.kind === "send") {
          table.markSent();
          for (const call of model) call.isSent = true;
        } else if (current.kind === "drain") {
          const drained = model.map(({ name, startedMs, isSent }) => ({ receiver: name, startedMs, isSent }));
          expect(table.drain()).toEqual(drained);
          model = [];
        }
        expect(table.count).toBe(model.length);
        expect(table.oldestStartedMs).toBe(model[0]?.startedMs);
        const rare = model.find(({ method }) => method === 2);
        expect(table.oldestStartedMsOf(new Set([2]))).toBe(rare?.startedMs);
        expect(model.every((call) => table.has(call.id))).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("an id is not used again soon, though its place is", () => {
  const table = new CallTable<string>();
  const seen = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    const id = table.add("x", 0, 1_000);
    expect(seen.has(id)).toBe(false);
    seen.add(id);
    table.take(id);
  }
});
