/**
 * What nodes of earlier versions say to each other is read by this one, and what this one says has not changed: one message
 * of every kind, as bytes that were written when its format was new. A file of them is never changed. A new format, or a
 * new kind of message, comes into a new file: KVORUM_WRITE_GOLDEN=NAME npm test -- wire-golden.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { StoreError } from "../src/base/errors.ts";
import { METHODS, WIRE_SAMPLES, type WireSample } from "./support/wire-samples.ts";

const DIRECTORY = new URL("./testdata/wire/", import.meta.url);
const samples = new Map(WIRE_SAMPLES.map((each) => [each.name, each]));

const toWrite = process.env.KVORUM_WRITE_GOLDEN;
if (toWrite !== undefined) writeGolden(new URL(`${toWrite}.txt`, DIRECTORY));

const golden = readdirSync(DIRECTORY).sort().flatMap(linesOf);

test.each(golden)("$file: $name is read as it was meant", ({ name, bytes }) => {
  const { decode, value } = sampleOf(name);
  expect(plain(decode(bytes))).toEqual(plain(value));
});

test("what is written today is among what was written then", () => {
  for (const { name, encode } of WIRE_SAMPLES) {
    if (encode === undefined) continue;
    const today = hex(encode());
    const then = golden.filter((each) => each.name === name).map(({ bytes }) => hex(bytes));
    expect(then, name).toContain(today);
  }
});

test("there is a message of every method that nodes have for each other", () => {
  const known = new Set(golden.map(({ name }) => sampleOf(name).method));
  expect(METHODS.filter((method) => !known.has(method))).toEqual([]);
});

test("what is cut or damaged is refused, and nothing worse", () => {
  for (const { name, bytes } of golden) {
    const { decode } = sampleOf(name);
    for (let length = 0; length < bytes.length; length++)
      readOrRefused(() => decode(bytes.slice(0, length)), name);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x41;
      readOrRefused(() => decode(damaged), name);
    }
  }
});

function readOrRefused(read: () => unknown, name: string): void {
  try {
    read();
  } catch (cause) {
    expect(cause, name).toBeInstanceOf(StoreError);
  }
}

function sampleOf(name: string): WireSample {
  const found = samples.get(name);
  if (found === undefined) throw new Error(`nobody knows what ${name} means`);
  return found;
}

interface GoldenMessage {
  readonly file: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

function linesOf(file: string): readonly GoldenMessage[] {
  const lines = readFileSync(new URL(file, DIRECTORY), "latin1").trimEnd().split("\n");
  return lines.map((line) => {
    const [name, text = ""] = line.split(" ");
    return { file, name: name!, bytes: Uint8Array.from(Buffer.from(text, "hex")) };
  });
}

function writeGolden(file: URL): void {
  if (existsSync(file)) throw new Error(`${file.pathname} is there, and is never changed`);
  const known = new Set(
    readdirSync(DIRECTORY)
      .flatMap(linesOf)
      .map(({ name, bytes }) => `${name} ${hex(bytes)}`),
  );
  const lines = WIRE_SAMPLES.flatMap(({ name, encode }) =>
    encode === undefined ? [] : [`${name} ${hex(encode())}`],
  );
  writeFileSync(file, `${lines.filter((line) => !known.has(line)).join("\n")}\n`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** So that arrays, buffers and errors compare by what they say. */
function plain(value: unknown): unknown {
  if (value instanceof StoreError) return { code: value.code, outcome: value.outcome };
  if (value instanceof Set) return [...value].map(plain);
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([name, each]) => [name, plain(each)]));
}
