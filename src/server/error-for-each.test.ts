import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { errorForEach } from "./error-for-each.ts";

const FULL = new StoreError("IO", "unknown", "disk full");

function errors(replies: string): string | undefined {
  const bytes = errorForEach(utf8(replies), FULL);
  return bytes && toText(bytes);
}

test("each reply becomes an error, whatever is in it", () => {
  const error = "-IO UNKNOWN disk full\r\n";
  expect(errors("+OK\r\n")).toBe(error);
  expect(errors(":1\r\n$5\r\n+OK\r\n\r\n*2\r\n+a\r\n*1\r\n$-1\r\n-ERR no\r\n%1\r\n+a\r\n:1\r\n")).toBe(
    error.repeat(5),
  );
});

test("what is no whole number of replies is not answered at all", () => {
  expect(errors("+OK\r\n$5\r\nab")).toBeUndefined();
  expect(errors("what?\r\n")).toBeUndefined();
});
