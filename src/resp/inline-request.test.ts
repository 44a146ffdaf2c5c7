import { expect, test } from "vitest";
import { splitInline } from "./inline-request.ts";
import { Request } from "./request.ts";

/** Words of a line, in Latin-1 so that any byte can be written; undefined if a quote is unbalanced. */
function split(line: string): string[] | undefined {
  const request = new Request();
  const bytes = Uint8Array.from(`<${line}>`, (character) => character.charCodeAt(0));
  const isBalanced = splitInline(request, bytes, 1, bytes.length - 1);
  return isBalanced ? request.args().map((arg) => String.fromCharCode(...arg)) : undefined;
}

test.each([
  ["", []],
  [" \t\v\f\r ", []],
  ["PING", ["PING"]],
  ["  SET  a\tb ", ["SET", "a", "b"]],
  ["a\rb", ["a", "b"]],
  ["a\vb \fc", ["a\vb", "c"]],
  ["a\0b", ["a"]],
  ["\\n \\x41", ["\\n", "\\x41"]],
])("%j without quotes is words", (line, words) => {
  expect(split(line)).toEqual(words);
});

test.each([
  ['""', [""]],
  ['"a b" c', ["a b", "c"]],
  ['"\\n\\r\\t\\b\\a"', ["\n\r\t\b\x07"]],
  ['"\\x41\\xfF\\x0"', ["A\xffx0"]],
  ['"\\xg1"', ["xg1"]],
  ['"\\"\\\\\\q"', ['"\\q']],
  ['"it\'s"', ["it's"]],
  ['a"b c"', ["ab c"]],
])("%j with double quotes is unescaped", (line, words) => {
  expect(split(line)).toEqual(words);
});

test.each([
  ["''", [""]],
  ["'a b' c", ["a b", "c"]],
  ["'\\n\\x41'", ["\\n\\x41"]],
  ["'it\\'s'", ["it's"]],
  ["'say \"hi\"'", ['say "hi"']],
  ["a'b c'\td", ["ab c", "d"]],
])("%j with single quotes knows one escape only", (line, words) => {
  expect(split(line)).toEqual(words);
});

test.each(['"', '"a', '"a\\"', '"a\\', '"a"b', "'", "'a", "'a\\'", "'a'b", "'a'\"b\"", "it's", '"a\0"'])(
  "%j is unbalanced",
  (line) => {
    expect(split(line)).toBeUndefined();
  },
);

test("the line itself is left as it was", () => {
  const bytes = Uint8Array.from('"\\x41"', (character) => character.charCodeAt(0));
  const before = bytes.slice();
  splitInline(new Request(), bytes, 0, bytes.length);
  expect(bytes).toEqual(before);
});
