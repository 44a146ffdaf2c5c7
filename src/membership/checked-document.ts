/**
 * Documents as bytes, with a version and a checksum. Shared by topology-codec.ts and gossip-codec.ts.
 *
 *   offset  size  field
 *        0     4  magic      names the kind of document
 *        4     1  version
 *        5     4  checksum   CRC-32 of the body, little-endian
 *        9   ...  body       JSON in UTF-8, without spaces, fields in the order their encoder writes them
 *
 * Canonical: a decoder builds the document anew and takes only bytes that it would have written itself, so what an
 * encoder would not write (unknown fields, another order) is refused like damage.
 */
import { crc32 } from "node:zlib";
import { equalBytes, toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";

export interface DocumentKind {
  /** Four characters. */
  readonly magic: string;
  readonly version: number;
}

const HEADER_BYTES = 9;
const exactDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeDocument(magic: string, version: number, document: unknown): Uint8Array {
  const body = utf8(JSON.stringify(document));
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set(utf8(magic));
  bytes[4] = version;
  new DataView(bytes.buffer).setUint32(5, crc32(body), true);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Throws StoreError CORRUPTION unless `encode` of what `build` makes of the body gives `bytes` again. */
export function decodeDocument<T>(
  bytes: Uint8Array,
  kind: DocumentKind,
  build: (body: Fields) => T,
  encode: (document: T) => Uint8Array,
): T {
  const document = build(new Fields(parse(toText(soundBody(bytes, kind)))));
  if (!equalBytes(encode(document), bytes)) throw corrupt("not as it is written");
  return document;
}

/** As `decodeDocument`, for messages that come often: `bodyOf` is what `encodeDocument` is given, and only texts are compared. */
export function decodeMessage<T>(
  bytes: Uint8Array,
  kind: DocumentKind,
  build: (body: Fields) => T,
  bodyOf: (document: T) => unknown,
): T {
  const text = exactText(soundBody(bytes, kind));
  const document = build(new Fields(parse(text)));
  if (JSON.stringify(bodyOf(document)) !== text) throw corrupt("not as it is written");
  return document;
}

function soundBody(bytes: Uint8Array, kind: DocumentKind): Uint8Array {
  if (bytes.length < HEADER_BYTES || toText(bytes.subarray(0, 4)) !== kind.magic) throw corrupt("magic");
  if (bytes[4] !== kind.version) throw corrupt(`version ${bytes[4]}`);
  const body = bytes.subarray(HEADER_BYTES);
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true);
  if (crc32(body) !== checksum) throw corrupt("checksum");
  return body;
}

/** Equal texts come from equal bytes only: it refuses what is not UTF-8. */
function exactText(bytes: Uint8Array): string {
  try {
    return exactDecoder.decode(bytes);
  } catch (cause) {
    throw new StoreError("CORRUPTION", "not-applied", "malformed document: not UTF-8", { cause });
  }
}

/** The fields of an object that came from outside. Every method throws StoreError CORRUPTION if one is not as asked. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw corrupt("not an object");
    this.#fields = value as Readonly<Record<string, unknown>>;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== "string") throw corrupt(`${name} is not text`);
    return value;
  }

  /** One of `words`. */
  word<W extends string>(name: string, words: readonly W[]): W {
    const value = this.text(name);
    const word = words.find((each) => each === value);
    if (word === undefined) throw corrupt(`${name} is ${value}`);
    return word;
  }

  isNumber(name: string): boolean {
    return typeof this.#fields[name] === "number";
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== "number") throw corrupt(`${name} is not a number`);
    return value;
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((value) => {
      if (typeof value !== "string") throw corrupt(`${name} has what is not text`);
      return value;
    });
  }

  numbers(name: string): readonly number[] {
    return this.#list(name).map((value) => {
      if (typeof value !== "number") throw corrupt(`${name} has what is not a number`);
      return value;
    });
  }

  object(name: string): Fields {
    return new Fields(this.#fields[name]);
  }

  objects<T>(name: string, build: (fields: Fields) => T): readonly T[] {
    return this.#list(name).map((value) => build(new Fields(value)));
  }

  /** The names of this object's own fields, as they came. */
  names(): readonly string[] {
    return Object.keys(this.#fields);
  }

  #list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw corrupt(`${name} is not a list`);
    return value;
  }
}

export function corrupt(reason: string): StoreError {
  return new StoreError("CORRUPTION", "not-applied", `malformed document: ${reason}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError("CORRUPTION", "not-applied", "malformed document: not JSON", { cause });
  }
}
