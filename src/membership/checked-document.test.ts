import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { decodeMessage, encodeDocument } from "./checked-document.ts";

const KIND = { magic: "TEST", version: 1 };
const decode = (bytes: Uint8Array): string =>
  decodeMessage(
    bytes,
    KIND,
    (fields) => fields.text("a"),
    (a) => ({ a }),
  );

function documentOf(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(9 + body.length);
  bytes.set([...utf8("TEST"), 1]);
  new DataView(bytes.buffer).setUint32(5, crc32(body), true);
  bytes.set(body, 9);
  return bytes;
}

test("a message is read as it was written", () => {
  expect(decode(encodeDocument("TEST", 1, { a: "täxt" }))).toBe("täxt");
  expect(decode(documentOf(utf8('{"a":"täxt"}')))).toBe("täxt");
});

test.each([
  ["a space", utf8('{"a": "b"}')],
  ["an unknown field", utf8('{"a":"b","c":1}')],
  ["a field twice", utf8('{"a":"b","a":"b"}')],
  ["an escape that is not needed", utf8('{"a":"\\u0062"}')],
  ["a mark of the byte order", Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8('{"a":"b"}'))],
  ["half a character", Uint8Array.of(...utf8('{"a":"'), 0xf0, 0x90, 0x80, ...utf8('"}'))],
])("a message with %s is refused, though its checksum is right", (_, body) => {
  expect(() => decode(documentOf(body))).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
});
