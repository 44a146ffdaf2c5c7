import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import {
  decodeRelayCell,
  decodeRelayed,
  encodeRelayCell,
  encodeRelayed,
  type RelayedState,
} from "./relay-message.ts";
import { SYNCED, UNSYNCED } from "./replica-message.ts";

const anyId = fc.stringMatching(/^[0-9a-f]{1,16}$/);
const anyRequest = fc.record({
  epoch: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  ref: fc.record({ database: fc.integer({ min: 0, max: 255 }), key: fc.uint8Array({ maxLength: 300 }) }),
  cell: fc.uint8Array({ maxLength: 300 }),
  ackCount: fc.integer({ min: 0, max: 255 }),
  targets: fc.array(fc.record({ id: anyId, hintFor: fc.option(anyId, { nil: undefined }) }), {
    maxLength: 9,
  }),
});

test("a request to relay is read as it was written, and one that is cut short is refused", () => {
  fc.assert(
    fc.property(anyRequest, fc.nat(), (request, cut) => {
      const bytes = encodeRelayCell(request);
      const read = decodeRelayCell(bytes);
      expect(read).toEqual({ ...request, ref: { ...request.ref, key: read.ref.key } });
      expect([...read.ref.key]).toEqual([...request.ref.key]);
      const head = bytes.subarray(0, cut % (bytes.length - request.cell.length));
      expect(() => decodeRelayCell(head)).toThrow(StoreError);
    }),
  );
});

const failure = (code: "IO" | "STALE_PLAN", outcome: "not-applied" | "unknown") => ({
  failure: new StoreError(code, outcome, "x"),
});
const STATES: readonly RelayedState[] = [
  ...[SYNCED, UNSYNCED, "entrusted" as const],
  ...[failure("IO", "unknown"), failure("IO", "not-applied"), failure("STALE_PLAN", "not-applied")],
];

test("what a relay answers is read as it was written: who has it, who failed how, who is entrusted to it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STATES), { minLength: 1, maxLength: 9 }), (states) => {
      const read = decodeRelayed(encodeRelayed(states), states.length - 1);
      const shown = (state: RelayedState): unknown =>
        typeof state === "object" && "failure" in state ? [state.failure.code, state.failure.outcome] : state;
      expect(read.map(shown)).toEqual(states.map(shown));
    }),
  );
});

test("an answer for others than were named, or in words nobody knows, is refused", () => {
  expect(() => decodeRelayed(encodeRelayed([SYNCED]), 1)).toThrow(StoreError);
  expect(() => decodeRelayed(encodeRelayed([SYNCED, SYNCED]), 0)).toThrow(StoreError);
  expect(() => decodeRelayed(Uint8Array.of(1, 99), 0)).toThrow(StoreError);
});
