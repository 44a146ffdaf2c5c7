/** What no node of this version has heard of is refused in words, and not dropped: the sender may be newer. */
import { expect, test } from "vitest";
import { utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { FrameWriter } from "../../peer/frame-writer.ts";
import { PeerDoor } from "./peer-door.ts";

const MEMBER = "00000000000000aa";
const STRANGER = "00000000000000bb";
const payload = { bytes: utf8("x"), start: 0, end: 1 };

function door(): PeerDoor {
  const made = new PeerDoor((id) => id === MEMBER);
  made.serve([33, 64], () => utf8("answered"));
  made.listen([32, 65], () => undefined);
  return made;
}

function refusalOf(ask: () => unknown): string {
  try {
    ask();
  } catch (cause) {
    expect(cause).toBeInstanceOf(StoreError);
    const { code, outcome, message } = cause as StoreError;
    return `${code} ${outcome}: ${message}`;
  }
  return "taken";
}

const ask = (from: string, method: number): string =>
  refusalOf(() => door().onRequest(from, method, payload, new FrameWriter()));
const tell = (from: string, method: number): string =>
  refusalOf(() => door().onMessage(from, method, payload));

test("requests and messages of methods that nobody serves are refused", () => {
  expect(ask(MEMBER, 99)).toBe("INVALID_REQUEST not-applied: there is no method 99");
  expect(tell(MEMBER, 99)).toBe("INVALID_REQUEST not-applied: there is no message 99");
  expect([ask(MEMBER, 64), tell(MEMBER, 65)]).toEqual(["taken", "taken"]);
});

test("of who is no member, only what has to do with becoming one is taken", () => {
  expect([ask(STRANGER, 33), tell(STRANGER, 32)]).toEqual(["taken", "taken"]);
  for (const refusal of [ask(STRANGER, 64), tell(STRANGER, 65)])
    expect(refusal).toBe(`INVALID_REQUEST not-applied: ${STRANGER} is no member of this cluster`);
});
