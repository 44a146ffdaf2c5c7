import { expect, test } from "vitest";
import { EventStreamParser, type StreamedMessage } from "./event-stream.ts";

function parsed(pieces: readonly string[]): readonly StreamedMessage[] {
  const messages: StreamedMessage[] = [];
  const parser = new EventStreamParser((message) => messages.push(message));
  for (const piece of pieces) parser.feed(piece);
  return messages;
}

const stream =
  ': hello\r\n\r\nid: 7\ndata: {"a":1}\n\nevent: x\ndata:one\ndata: two\n\n: ping\n\nid: 9\ndata\n\n';
const messages = [
  { id: "7", text: '{"a":1}' },
  { id: "7", text: "one\ntwo" },
  { id: "9", text: "" },
];

test("messages end at empty lines; comments are none", () => {
  expect(parsed([stream])).toEqual(messages);
});

test("it does not matter where the network cut it", () => {
  for (let cut = 0; cut < stream.length; cut++) {
    expect(parsed([stream.slice(0, cut), stream.slice(cut)])).toEqual(messages);
  }
  expect(parsed([...stream])).toEqual(messages);
});

test("what has not ended is not told", () => {
  expect(parsed(["data: half\n"])).toEqual([]);
});
